"""What a mail's HTML says and how it is shown: faults that were."""

from helpdesk.tickets.mail_markup import with_quote_folded, without_window


def test_a_mail_that_is_passed_on_below_a_logo_is_not_folded_away():
    top = "---------- Forwarded message ---------\nFrom: Ann Berg"
    html = f'<img src="cid:logo"><div>{top.replace(chr(10), "<br>")}</div><div>The printer is broken.</div>'

    assert with_quote_folded(html, top, "Quote") == html


def test_lengths_of_containers_are_those_of_the_window_and_words_are_left_alone():
    said = '<p>x style="</p><div style="height:100cqh">y</div><p>Use style="height: 100vh" here</p>'

    assert without_window(said) == said.replace("100cqh", "800px")
