"""Oliveira Logística Lda, Porto: warehouses and lorries, Portuguese."""

from helpdesk.demo.mails.compose import File, Letter, Sender

DOMAIN = "oliveira.example"
ZONE = "Europe/Lisbon"
INES = Sender(name="Inês Tavares", address="ines.tavares@oliveira.example", zone=ZONE)
RUI = Sender(name="Rui Conceição", address="rui.conceicao@oliveira.example", zone=ZONE)
MARTA = Sender(name="Marta Oliveira", address="marta@oliveira.example", zone=ZONE)
ARMAZEM = Sender(name="Armazém Maia", address="armazem.maia@oliveira.example", zone=ZONE)

SCANNERS = Letter(
    key="oliveira-scanners",
    sender=ARMAZEM,
    subject="Leitores de código de barras perdem a ligação",
    language="pt",
    minutes_ago=135,
    html=None,
    text="""
Bom dia,

desde ontem os leitores do corredor C perdem a ligação ao fim de poucos minutos e temos de os reiniciar. Nos
corredores A e B está tudo bem. Há seis camiões à espera.

Armazém da Maia
""",
)

SCANNERS_REPLY = Letter(
    key="oliveira-scanners-reply",
    sender=RUI,
    subject="Re: Leitores de código de barras perdem a ligação",
    language="pt",
    minutes_ago=70,
    html=None,
    style="gmail",
    answers=SCANNERS,
    text="""
Fui ver ao local: a antena por cima do corredor C está com a luz vermelha a piscar.

Rui Conceição
""",
)

INVOICES = Letter(
    key="oliveira-invoices",
    sender=MARTA,
    subject="Impressora das faturas puxa duas folhas",
    language="pt",
    minutes_ago=100,
    text="""
Olá,

a impressora das faturas puxa sempre duas folhas de cada vez e a segunda sai em branco. Já mudámos o papel.
Podem passar por cá esta semana?

Obrigada,
Marta Oliveira
""",
)

ROUTES = Letter(
    key="oliveira-routes",
    sender=INES,
    subject="Folha das rotas abre só para leitura",
    language="pt",
    minutes_ago=90,
    files=(
        File(
            name="rotas de março.csv",
            type="text/csv",
            content="rota;destino;camião\r\n14;Évora;74-XB-20\r\n15;Beja;74-XB-21\r\n".encode(),
        ),
    ),
    text="""
Bom dia,

a folha das rotas abre só para leitura para toda a equipa, mesmo quando mais ninguém a tem aberta. Junto uma
cópia. Precisamos dela antes das saídas das 18 h.

Inês Tavares
""",
)

PORTAL = Letter(
    key="oliveira-portal",
    sender=INES,
    subject="Acesso ao portal do cliente",
    language="pt",
    minutes_ago=40,
    text="""
A nova colega da faturação precisa de acesso ao portal do nosso maior cliente. Quem trata disso, vocês ou nós?

Inês
""",
)
