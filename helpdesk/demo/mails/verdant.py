"""Verdant Foods Ltd: an office in Leeds, a plant near Valencia, a buyer in Hồ Chí Minh City."""

from helpdesk.demo.mails.compose import Letter, Sender

DOMAIN = "verdant.example"
LEEDS, VALENCIA, SAIGON = "Europe/London", "Europe/Madrid", "Asia/Ho_Chi_Minh"
NUALA = Sender(name="Nuala Finch", address="nuala.finch@verdant.example", zone=LEEDS)
PILAR = Sender(name="Pilar Gandía", address="pilar.gandia@verdant.example", zone=VALENCIA)
THU = Sender(name="Đặng Thu Hà", address="ha.dang@verdant.example", zone=SAIGON)
ORDERS = Sender(name="Verdant orders", address="orders@verdant.example", zone=LEEDS)

LABELS = Letter(
    key="verdant-labels",
    sender=PILAR,
    subject="Las etiquetas de la línea 3 salen con la fecha de ayer",
    language="es",
    minutes_ago=125,
    html=None,
    text="""
Buenos días:

desde el cambio de turno las etiquetas de la línea 3 llevan la fecha de ayer. Las líneas 1 y 2 van bien. Hemos
parado la línea y apartado dos palés.

Un saludo,
Pilar Gandía
Planta de Valencia
""",
)

LABELS_REPLY = Letter(
    key="verdant-labels-reply",
    sender=PILAR,
    subject="Re: Las etiquetas de la línea 3 salen con la fecha de ayer",
    language="es",
    minutes_ago=65,
    html=None,
    style="apple",
    answers=LABELS,
    text="""
Añado un dato: el reloj del ordenador de la línea 3 va ocho horas atrasado.

Pilar
""",
)

CLOCK = Letter(
    key="verdant-clock",
    sender=THU,
    subject="Máy chấm công không gửi dữ liệu về văn phòng",
    language="vi",
    minutes_ago=115,
    encoding="base64",
    text="""
Chào các anh chị,

từ thứ Hai máy chấm công ở văn phòng không gửi dữ liệu về hệ thống. Màn hình của máy vẫn hiện đúng giờ và vẫn
nhận thẻ, nhưng bảng công trên hệ thống thì trống.

Nhờ anh chị kiểm tra giúp trước kỳ lương cuối tháng. Cảm ơn nhiều.

Đặng Thu Hà
""",
)

COLD_STORE = Letter(
    key="verdant-cold-store",
    sender=NUALA,
    subject="Cold store alarm texts arrive an hour late",
    language="en",
    minutes_ago=55,
    html=None,
    text="""
Hi,

the cold store sent its temperature alarm at 02:10 but the text message only reached the night shift at 03:14.
Nothing was lost this time. Could you find out where it waits?

Nuala Finch
""",
)

SHARED_MAILBOX = Letter(
    key="verdant-shared-mailbox",
    sender=ORDERS,
    subject="Two of us answer the same order",
    language="en",
    minutes_ago=35,
    text="""
Hello, since we moved to the shared mailbox two of us keep answering the same order. Is there a way to see that
somebody is already on it?

The orders desk
""",
)
