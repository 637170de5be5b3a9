"""Executing or checking one block of a page in the page's session."""

import subprocess
from collections.abc import Callable

from tests.docs.blocks import Block, Page
from tests.docs.commands import CommandFailed, run_commands
from tests.docs.diagrams import check_calls, check_names
from tests.docs.excerpts import check_excerpt, check_tree
from tests.docs.exchanges import check_exchange
from tests.docs.session import ROOT, Session
from tests.node_peer import NODE_DIRECTORY, node_path


def evaluator(session: Session) -> Callable[[Page, int], None]:
    """What evaluates the blocks of a page in a session, in order."""

    def evaluate(page: Page, index: int) -> None:
        try:
            _evaluate(page, index, session)
        except Exception as error:
            error.add_note(f"in {page.path.relative_to(ROOT)}, line {page.blocks[index].line}")
            raise

    return evaluate


def _evaluate(page: Page, index: int, session: Session) -> None:
    block, following = page.blocks[index], page.blocks[index + 1 : index + 2]
    if block.marker is not None:
        _check(block, session)
        return
    _execute(block, page, session)
    expects_error = any(one.marker in ("raises", "fails") for one in following)
    if session.error is not None and not expects_error:
        raise session.error


def _execute(block: Block, page: Page, session: Session) -> None:
    session.error, session.output = None, ""
    match block.language:
        case "python":
            following = page.blocks[page.blocks.index(block) + 1 :][:1]
            watched = [one.marker for one in following] == ["calls"]
            session.run_python(block.text, page=page.path, line=block.line, watched=watched)
        case "http":
            session.output = check_exchange(block.text, session.exchange, session.bindings).text
        case "sh":
            run_commands(block.text, session)
        case "ts":
            session.output = _run_typescript(session.actual(block.text))
        case language:
            raise AssertionError(f"nothing executes or checks this block ({language or 'plain'})")


def _check(block: Block, session: Session) -> None:
    match block.marker:
        case "file":
            check_excerpt(block.text, ROOT / block.argument)
        case "tree":
            check_tree(block.text, ROOT / block.argument)
        case "names":
            check_names(block.text, ROOT, session.routes)
        case "calls":
            check_calls(block.text, ROOT, session.calls)
        case "output":
            session.bindings.match_body(block.text, session.output)
        case "raises":
            error = session.error
            assert error is not None, "the block before ended without an error"
            told = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            session.bindings.match_text(block.text, told)
        case "fails":
            assert isinstance(session.error, CommandFailed), "the command before succeeded"
            session.bindings.match_body(block.text, session.output)
        case marker:
            raise AssertionError(f"no such marker: {marker}")


def _run_typescript(source: str) -> str:
    done = subprocess.run(
        [node_path(), "--input-type=module-typescript", "-"],
        cwd=NODE_DIRECTORY,
        input=source,
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
