"""The one error tree. Each class maps to one HTTP status (``helpdesk.app``) and one exit code (``helpdesk.cli``).

Messages are written for the person who reads them: what happened, what was kept, what to do.
"""


class HelpdeskError(Exception):
    """Anything that Helpdesk refuses or could not do; ``str(error)`` is fit for the user."""


class NotFound(HelpdeskError):  # noqa: N818 - named as the HTTP answer it becomes
    """It does not exist, or not for this person: both look the same from outside."""


class Denied(HelpdeskError):  # noqa: N818 - named as the HTTP answer it becomes
    """The person is known but has not the role for this act."""


class Conflict(HelpdeskError):  # noqa: N818 - named as the HTTP answer it becomes
    """Somebody else was faster, or the same thing was done before."""


class RuleViolation(HelpdeskError):  # noqa: N818 - a rule of the business said no
    """A rule of the business refuses the request; the message names the rule in plain words.

    ``field`` names what of the request is wrong, where one thing is; a form shows the message beside it.
    """

    def __init__(self, message: str = "", *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class ExternalFailure(HelpdeskError):  # noqa: N818 - the other side failed, not we
    """A server that is not ours failed; what was asked of it is kept and tried again."""


class SettingsError(HelpdeskError):
    """The environment cannot be started in: one line for each thing that is wrong."""
