"""Certificates for the servers of tests: an authority of our own, and what it vouches for."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Certificate:
    """The files of a certificate and its key; ``authority`` is what has to be trusted for it."""

    chain: Path
    key: Path
    authority: Path
    fingerprint: str


def make(folder: Path, *, name: str = "localhost", self_signed: bool = False, expired: bool = False) -> Certificate:
    """Write a certificate for ``name`` and 127.0.0.1 into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    begins = datetime.now(UTC) - timedelta(days=30)
    ends = datetime.now(UTC) + timedelta(days=-1 if expired else 30)
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority of the tests")])
    own_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])

    def signed(subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, *, is_root: bool):
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(ends)
            .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        )
        if is_root:
            return builder.add_extension(_signs(), critical=True)
        names: list[x509.GeneralName] = [x509.DNSName(name)]
        if name == "localhost":
            names.append(x509.IPAddress(ip_address("127.0.0.1")))
        return builder.add_extension(x509.SubjectAlternativeName(names), critical=False).add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key((key if self_signed else root_key).public_key()),
            critical=False,
        )

    root = signed(root_name, root_name, root_key.public_key(), is_root=True).sign(root_key, hashes.SHA256())
    issuer, signer = (own_name, key) if self_signed else (root_name, root_key)
    own = signed(own_name, issuer, key.public_key(), is_root=False).sign(signer, hashes.SHA256())
    files = Certificate(
        folder / "chain.pem", folder / "key.pem", folder / "authority.pem", own.fingerprint(hashes.SHA256()).hex()
    )
    files.chain.write_bytes(own.public_bytes(serialization.Encoding.PEM))
    files.authority.write_bytes(root.public_bytes(serialization.Encoding.PEM))
    files.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


def _signs() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
