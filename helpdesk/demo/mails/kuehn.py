"""Kühn Präzision GmbH, Stuttgart: machining, three halls, German."""

from helpdesk.demo.mails.compose import File, Letter, Sender
from helpdesk.demo.mails.files import blank_label, log

DOMAIN = "kuehn.example"
ZONE = "Europe/Berlin"
ZEYNEP = Sender(name="Zeynep Kaya", address="z.kaya@kuehn.example", zone=ZONE)
MATTHIAS = Sender(name="Matthias Kühn", address="m.kuehn@kuehn.example", zone=ZONE)
JANA = Sender(name="Jana Brandl", address="j.brandl@kuehn.example", zone=ZONE)
OLIVER = Sender(name="Oliver Stöckle", address="o.stoeckle@kuehn.example", zone=ZONE)

PRINTER = Letter(
    key="kuehn-printer",
    sender=ZEYNEP,
    cc=(MATTHIAS,),
    subject="Etikettendrucker in Halle 2 druckt leere Etiketten",
    language="de",
    minutes_ago=170,
    html=None,
    style="outlook",
    files=(
        File(name="Etikett Halle 2.png", type="image/png", content=blank_label()),
        File(
            name="druckserver.log",
            type="text/plain",
            content=log(
                "06:02:11 PRN-SRV01 driver 10.0.26100.1 replaced 8.6.5.2",
                "06:14:40 HALLE2-A job 5512 printed, 1 page, 0 bytes raster",
                "06:14:58 HALLE2-B job 5513 printed, 1 page, 0 bytes raster",
            ),
        ),
    ),
    text="""
Guten Morgen,

seit dem Update heute Nacht druckt der Etikettendrucker in Halle 2 leere Etiketten. Die Warteschlange meldet
"gedruckt", das Papier läuft durch, aber es steht nichts darauf. Um 13 Uhr müssen 64 Paletten nach Linz, wir
schreiben die Etiketten gerade von Hand.

Ein Foto und das Protokoll vom Druckserver hängen an.

Viele Grüße
Zeynep Kaya
Produktionsplanung
""",
)

PRINTER_REPLY = Letter(
    key="kuehn-printer-reply",
    sender=ZEYNEP,
    subject="AW: Etikettendrucker in Halle 2 druckt leere Etiketten",
    language="de",
    minutes_ago=95,
    html=None,
    style="outlook",
    answers=PRINTER,
    text="""
Noch ein Hinweis: Drucker A geht nach einem Neustart wieder, Drucker B (10.20.4.31) druckt weiter leer. Ich habe
ihn zweimal aus- und eingeschaltet.

Gruß
Zeynep Kaya
""",
)

VPN = Letter(
    key="kuehn-vpn",
    sender=MATTHIAS,
    cc=(JANA,),
    subject="VPN bricht alle zehn Minuten ab",
    language="de",
    minutes_ago=160,
    text="""
Hallo zusammen,

im Homeoffice fliegt mein VPN seit Montag ziemlich genau alle zehn Minuten raus. Neu verbinden klappt sofort,
aber jede Telefonkonferenz reißt ab. Im Büro ist alles in Ordnung.

Frau Brandl hat seit gestern das Gleiche.

Matthias Kühn
""",
)

VPN_REPLY = Letter(
    key="kuehn-vpn-reply",
    sender=JANA,
    subject="Re: VPN bricht alle zehn Minuten ab",
    language="de",
    minutes_ago=88,
    html=None,
    style="apple",
    answers=VPN,
    text="""
Bei mir ist es nur im WLAN so. Am Kabel hält die Verbindung seit einer Stunde.

Jana Brandl
""",
)

BACKUP = Letter(
    key="kuehn-backup",
    sender=OLIVER,
    subject="Sicherung der CAD-Ablage seit Freitag rot",
    language="de",
    minutes_ago=150,
    encoding="base64",
    files=(
        File(
            name="sicherung-cad.log",
            type="text/plain",
            content=log(
                "Fr 23:00:04 job CAD-FULL started, 412 GB",
                "Sa 02:41:19 volume D: error 0x80070079, semaphore timeout",
                "Sa 02:41:19 job CAD-FULL ended: FAILED",
            ),
        ),
    ),
    text="""
Hallo,

die Sicherung der CAD-Ablage steht seit Freitagabend auf Rot. Das Protokoll hängt an. Bitte vor dem Wochenende
in Ordnung bringen, am Montag kommt der Auditor vom Kunden.

Grüße aus der Konstruktion
Oliver Stöckle
""",
)

UMLAUTS = Letter(
    key="kuehn-umlauts",
    sender=OLIVER,
    subject="Größenangaben im Stücklisten-Export verschoben",
    language="de",
    minutes_ago=120,
    charset="iso-8859-1",
    text="""
Guten Tag,

im Export der Stücklisten sind die Spalten hinter jedem Ø-Zeichen um eine Stelle verschoben. Bei Teilen ohne Ø,
ä, ö oder ü stimmt alles. Könnte das mit dem Zeichensatz der neuen Version zusammenhängen?

Mit freundlichen Grüßen
Oliver Stöckle
""",
)

LEAVER = Letter(
    key="kuehn-leaver",
    sender=JANA,
    subject="Zugänge zum Monatsende schließen",
    language="de",
    minutes_ago=60,
    html="<p>Guten Tag,</p><p>zum Monatsende verlässt uns eine Kollegin aus dem Einkauf. Bitte am letzten Arbeitstag "
    "um 17&nbsp;Uhr</p><ul><li>das Konto sperren,</li><li>das Postfach für drei Monate an den Einkauf leiten,</li>"
    "<li>Notebook und Telefon zurücknehmen.</li></ul><p>Den Namen gebe ich telefonisch durch.</p>"
    "<p>Danke!<br>Jana Brandl</p>",
    text="""
Guten Tag,

zum Monatsende verlässt uns eine Kollegin aus dem Einkauf. Bitte am letzten Arbeitstag um 17 Uhr

* das Konto sperren,
* das Postfach für drei Monate an den Einkauf leiten,
* Notebook und Telefon zurücknehmen.

Den Namen gebe ich telefonisch durch.

Danke!
Jana Brandl
""",
)
