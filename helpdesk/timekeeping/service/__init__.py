"""Use cases of time: timers, entries, and their way to approval."""

from helpdesk.clients.locks import lock_dates, set_lock
from helpdesk.timekeeping.service.approval import approve, approve_plain, preview, reject, reopen, submit
from helpdesk.timekeeping.service.cells import save_cells
from helpdesk.timekeeping.service.corrections import reverse_entry
from helpdesk.timekeeping.service.entries import add_entry, delete_entry, edit_entry, put_on
from helpdesk.timekeeping.service.events import take_events
from helpdesk.timekeeping.service.forgotten import answer, ask_about, forgotten
from helpdesk.timekeeping.service.missing import lacks_price, price_what_had_none, without_price
from helpdesk.timekeeping.service.moving import as_moving, carry_time, place_of, refuse_held
from helpdesk.timekeeping.service.rows import add_row, copy_week, remove_row, submit_part, usual_type
from helpdesk.timekeeping.service.timers import (
    change_timer,
    pause_timer,
    resume_paused,
    resume_timer,
    start_timer,
    stop_timer,
)

__all__ = [
    "add_entry",
    "add_row",
    "answer",
    "approve",
    "approve_plain",
    "as_moving",
    "ask_about",
    "carry_time",
    "change_timer",
    "copy_week",
    "delete_entry",
    "edit_entry",
    "forgotten",
    "lacks_price",
    "lock_dates",
    "pause_timer",
    "place_of",
    "preview",
    "price_what_had_none",
    "put_on",
    "refuse_held",
    "reject",
    "remove_row",
    "reopen",
    "resume_paused",
    "resume_timer",
    "reverse_entry",
    "save_cells",
    "set_lock",
    "start_timer",
    "stop_timer",
    "submit",
    "submit_part",
    "take_events",
    "usual_type",
    "without_price",
]
