"""Use cases of conversations: tickets that open, mail that arrives, replies that go out, notes and events."""

from helpdesk.tickets.service.arriving import add_mail
from helpdesk.tickets.service.canned import (
    CannedText,
    canned_replies,
    get_canned,
    may_change,
    remove_canned,
    save_canned,
    values_of,
    values_of_item,
)
from helpdesk.tickets.service.confirming import confirm
from helpdesk.tickets.service.delivering import send_again, tell_of_delivery, unreached
from helpdesk.tickets.service.drafts import (
    Typed,
    add_draft_file,
    discard_draft,
    draft_files,
    draft_picture,
    drafts,
    give_draft,
    has_draft,
    remove_draft_file,
    save_draft,
    take_files,
)
from helpdesk.tickets.service.forwarding import Onward, forward, forwardable, withdraw_forward
from helpdesk.tickets.service.held import accept_held, hold_again, put_away_held, split_held
from helpdesk.tickets.service.linking import link, open_parts, unlink
from helpdesk.tickets.service.mentioning import names_not_told
from helpdesk.tickets.service.merging import merge_conversation, part_conversation, refuse_merged, standing_merge
from helpdesk.tickets.service.opening import add_details, drop_details, open_by_mail, open_ticket
from helpdesk.tickets.service.passing import pass_on, take_back
from helpdesk.tickets.service.people import add_by_staff, add_participants, put_back, remove_participant
from helpdesk.tickets.service.pictures import ask_for_pictures
from helpdesk.tickets.service.replying import Recipients, recipients, reply
from helpdesk.tickets.service.requesting import give_requester_back, set_requester
from helpdesk.tickets.service.snoozing import snooze, wake, wake_due
from helpdesk.tickets.service.spam import mark_spam, unmark_spam
from helpdesk.tickets.service.splitting import split_message, splittable
from helpdesk.tickets.service.taking_back import held_answer, hold, withdraw_answer
from helpdesk.tickets.service.talking import Spoken, correct_talk, own_talk, remove_talk, write_talk
from helpdesk.tickets.service.ticket_forms import (
    add_form_file,
    begin_form,
    form_files,
    remove_form_file,
    renew_form,
    take_form_files,
)
from helpdesk.tickets.service.writing import add_event, add_note

__all__ = [
    "CannedText",
    "Onward",
    "Recipients",
    "Spoken",
    "Typed",
    "accept_held",
    "add_by_staff",
    "add_details",
    "add_draft_file",
    "add_event",
    "add_form_file",
    "add_mail",
    "add_note",
    "add_participants",
    "ask_for_pictures",
    "begin_form",
    "canned_replies",
    "confirm",
    "correct_talk",
    "discard_draft",
    "draft_files",
    "draft_picture",
    "drafts",
    "drop_details",
    "form_files",
    "forward",
    "forwardable",
    "get_canned",
    "give_draft",
    "give_requester_back",
    "has_draft",
    "held_answer",
    "hold",
    "hold_again",
    "link",
    "mark_spam",
    "may_change",
    "merge_conversation",
    "names_not_told",
    "open_by_mail",
    "open_parts",
    "open_ticket",
    "own_talk",
    "part_conversation",
    "pass_on",
    "put_away_held",
    "put_back",
    "recipients",
    "refuse_merged",
    "remove_canned",
    "remove_draft_file",
    "remove_form_file",
    "remove_participant",
    "remove_talk",
    "renew_form",
    "reply",
    "save_canned",
    "save_draft",
    "send_again",
    "set_requester",
    "snooze",
    "split_held",
    "split_message",
    "splittable",
    "standing_merge",
    "take_back",
    "take_files",
    "take_form_files",
    "tell_of_delivery",
    "unlink",
    "unmark_spam",
    "unreached",
    "values_of",
    "values_of_item",
    "wake",
    "wake_due",
    "withdraw_answer",
    "withdraw_forward",
    "write_talk",
]
