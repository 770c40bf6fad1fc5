"""What people type into a field for time, and the seconds it is read as: the server and the page have to agree.

A row is the text, the day, the zone of the client, and the seconds; None where it is refused.
"""

Case = tuple[str, str, str, int | None]

ORDINARY = ("2026-11-18", "Europe/Berlin")
SPRING = ("2026-03-29", "Europe/Berlin")  # 2:00 becomes 3:00
AUTUMN = ("2026-10-25", "Europe/Berlin")  # 3:00 becomes 2:00
LORD_HOWE = ("2026-10-04", "Australia/Lord_Howe")  # clocks move by half an hour
CHATHAM = ("2026-04-05", "Pacific/Chatham")  # 45 minutes beside the whole hour, and 3:45 becomes 2:45
KATHMANDU = ("2026-11-18", "Asia/Kathmandu")
LEAP_DAY = ("2028-02-29", "America/St_Johns")

CASES: list[Case] = [
    *((text, *ORDINARY, 900) for text in ("15", "15m", "15 m", "15min", "15 min", "0:15", "0.25", "0,25h", " 15 ")),
    *(
        (text, *ORDINARY, 5400)
        for text in ("1h30", "1:30", "90m", "90", "1.5", "1,5", "1.5h", "1h 30m", "1 h 30 min", "1H30", "1:30:00")
    ),
    *((text, *ORDINARY, 1800) for text in (".5", ",5", "0.5", "0:30", "30")),
    *((text, *ORDINARY, 3600) for text in ("1h", "1 h", "60", "1:00", "1.0", "9-10", "9:00-10", "9 - 10")),
    ("9:15-10:40", *ORDINARY, 5100),
    ("9:15\N{EN DASH}10:40", *ORDINARY, 5100),
    ("09:15 - 10:40", *ORDINARY, 5100),
    ("23:40-0:25", *ORDINARY, 2700),
    ("20:00-8:00", *ORDINARY, 43200),
    ("0:00:20", *ORDINARY, 20),
    ("1.3333", *ORDINARY, 4800),
    ("24h", *ORDINARY, 86400),
    ("1:30-3:30", *SPRING, 3600),
    ("1:30-3:30", *AUTUMN, 10800),
    ("2:30-3:30", *AUTUMN, 7200),
    ("2:15-3:30", *SPRING, 900),
    ("23:00-4:00", "2026-03-28", "Europe/Berlin", 14400),
    ("1:30-3:30", *LORD_HOWE, 5400),
    ("2:00-4:30", *CHATHAM, 12600),
    ("9:15-10:40", *KATHMANDU, 5100),
    ("23:30-0:15", *LEAP_DAY, 2700),
    *(
        (text, *ORDINARY, None)
        for text in (
            "",
            "0",
            "0:00",
            "soon",
            "-1",
            "25h",
            "30h",
            "1:75",
            "1:5",
            "1,",
            "1e3",
            "9:00-9:00",
            "25:00-26:00",
        )
    ),
    *((text, *ORDINARY, None) for text in ("10:40-9:15", "17-9", "9:60-10:00", "9:15-", "1d", "1h90", "\u0661\u0665")),
    ("2:15-3:10", *SPRING, None),
]
