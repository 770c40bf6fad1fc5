"""How templates become pages: as Jinja does it, without what a page does ten thousand times for nothing.

Most of what stands between ``{{`` and ``}}`` is safe already: texts, icons, macros. Jinja makes a copy of each to
say so again, and asks of each function in five ways whether it wants the context.
"""

from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from types import FunctionType
from typing import Any

from flask.templating import Environment
from jinja2 import FileSystemBytecodeCache, Template
from jinja2.bccache import Bucket
from jinja2.compiler import CodeGenerator, Frame
from jinja2.environment import TemplateModule
from jinja2.idtracking import VAR_LOAD_RESOLVE
from jinja2.nodes import Call, Const, Expr, Name
from jinja2.runtime import Context, Macro
from jinja2.utils import internalcode
from markupsafe import Markup, escape

from helpdesk.infra import i18n

TEXT = "_"


def safe(value: object) -> str:
    """Return ``value`` as HTML shows it: markup as it is, anything else as text that is escaped."""
    return value if type(value) is Markup else escape(value)


class _Generator(CodeGenerator):
    """Writes ``environment.safe(…)`` where Jinja writes ``escape(…)``."""

    def _output_child_pre(self, node: Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> None:
        if frame.eval_ctx.autoescape and not frame.eval_ctx.volatile:
            self.write("environment.safe(")
            self.write(finalize.src or "")
        else:
            super()._output_child_pre(node, frame, finalize)

    def visit_Call(self, node: Call, frame: Frame, **more: bool) -> None:  # type: ignore[override] # noqa: N802 - Jinja's name and way
        """Write ``environment.said(…)`` for a text of a page: there are hundreds, and nothing in them changes."""
        if _is_plain_text(node) and frame.eval_ctx.autoescape and not frame.eval_ctx.volatile:
            load = frame.symbols.find_load(frame.symbols.ref(TEXT))
            if load is not None and load[0] == VAR_LOAD_RESOLVE:  # no variable of the template
                self.write(f"environment.said({node.args[0].as_const()!r})")
                return
        super().visit_Call(node, frame, **more)


def _is_plain_text(node: Call) -> bool:
    """Whether ``_`` is called with a text that stands there, and with nothing that fills it."""
    return (
        isinstance(node.node, Name)
        and node.node.name == TEXT
        and len(node.args) == 1
        and isinstance(node.args[0], Const)
        and not (node.kwargs or node.dyn_args or node.dyn_kwargs)
    )


class _Context(Context):
    """Calls macros and plain functions, as most calls do, without asking them what they are."""

    @internalcode
    def call(self, called: Any, /, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - whatever a template calls
        kind = type(called)
        if kind is Macro:
            args = (self.eval_ctx, *args)
        elif kind is not FunctionType or hasattr(called, "jinja_pass_arg"):
            return super().call(called, *args, **kwargs)
        kwargs.pop("_block_vars", None)
        kwargs.pop("_loop_vars", None)
        return called(*args, **kwargs)


class _Template(Template):
    """Gives its macros to whoever imports them, and asks only once whether that one has globals of its own."""

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:
        if ctx is not None and ctx.globals_keys <= self.environment.globals.keys():
            ctx = None  # none: the macros need not be made anew
        return super()._get_default_module(ctx)


class Compiled(FileSystemBytecodeCache):
    """Compiled templates in a folder beside them, as Python keeps its modules: each process would else compile anew.

    They are good for one text of a template, and for what this module makes of it. Where nobody may write, or there is
    no room, they are compiled each time.
    """

    def __init__(self, folder: Path) -> None:
        mark = sha256(Path(__file__).read_bytes()).hexdigest()[:12]
        super().__init__(str(folder), f"%s-{mark}.jinja")

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled, whole or not at all."""
        with suppress(OSError):
            Path(self.directory).mkdir(exist_ok=True)
            super().dump_bytecode(bucket)


class PageEnvironment(Environment):
    """Flask's environment of templates, with all of the above."""

    template_class = _Template
    code_generator_class = _Generator
    context_class = _Context
    safe = staticmethod(safe)
    said = staticmethod(i18n.said)
