"""The document in the sandboxed frame that shows a mail as it was sent."""

from helpdesk.tickets.render import mail_page


def page(**changes) -> str:
    values = {"title": "Printer <1>", "language": "de", "text": "Hi", "body_html": "<p>Hi</p>", "pictures": {}}
    return mail_page(**{**values, **changes})


def test_it_has_a_title_and_the_senders_language():
    assert '<html lang="de">' in page()
    assert "<title>Printer &lt;1&gt;</title>" in page()


def test_an_unknown_language_is_said_to_be_unknown():
    assert '<html lang="und">' in page(language="")


def test_a_picture_is_shown_from_where_its_file_is():
    shown = page(
        body_html='<img src="cid:a@b"><img src="cid:other">', pictures={"a@b": "/attachments/1/a.png?inline=1"}
    )

    assert '<img src="/attachments/1/a.png?inline=1"><img src="">' in shown


def test_text_is_no_markup():
    assert "<pre>&lt;b&gt;</pre>" in page(text="<b>", body_html=None)
