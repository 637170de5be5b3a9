"""The checks of the pages catch what has rotted."""

import textwrap
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal

from tests.docs.blocks import parse_page
from tests.docs.commands import run_commands
from tests.docs.diagrams import Made, check_calls, check_names, recorded
from tests.docs.evaluation import evaluator
from tests.docs.excerpts import check_excerpt, check_tree
from tests.docs.exchanges import check_exchange
from tests.docs.matching import Bindings
from tests.docs.session import ROOT, Answer, Session

EXCHANGE = 'GET /x HTTP/1.1\n\nHTTP/1.1 200 OK\n\n{"id": "<id>", "of": "<id>"}'


def answering(text: str, status: int = 200) -> Session:
    """A session whose HQ gives one answer to everything."""
    answer = Answer(status=status, headers={}, text=text)
    with start_blocking_portal() as portal:
        return Session(portal=portal, exchange=lambda *_: answer)


def evaluate(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.docs.evaluation.ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text(textwrap.dedent(text))
    for example in parse_page(page, evaluator(answering("{}")))[1]:
        example.evaluate()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file.py"
    path.write_text("a = 1\nb = 2\nc = 3\nd = 4\n")
    return path


def test_an_excerpt_may_leave_gaps(file: Path) -> None:
    check_excerpt("a = 1\n# ...\nc = 3\nd = 4", file)


@pytest.mark.parametrize(
    "rotten",
    ["a = 2", "a = 1\nc = 3", "c = 3\n# ...\na = 1", "= 3", "a = 1\n# ...\na = 1"],
    ids=["changed", "gap not marked", "order", "part of a line", "twice"],
)
def test_an_excerpt_that_is_not_in_the_file_is_caught(file: Path, rotten: str) -> None:
    with pytest.raises(AssertionError, match="not in this order"):
        check_excerpt(rotten, file)


def test_a_tree_names_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "hq/sub").mkdir(parents=True)
    (tmp_path / "hq/sub/a.py").touch()
    (tmp_path / "hq/sub/__init__.py").touch()
    check_tree("hq/\n└── sub/   a folder\n    └── a.py", tmp_path / "hq")
    with pytest.raises(AssertionError, match="not there"):
        check_tree("hq/\n├── gone.py\n└── sub/", tmp_path / "hq")
    (tmp_path / "hq/sub/b.py").touch()
    with pytest.raises(AssertionError, match="not listed"):
        check_tree("hq/\n└── sub/\n    └── a.py", tmp_path / "hq")
    check_tree("hq/\n└── sub/   not unfolded", tmp_path / "hq")


@pytest.mark.parametrize(
    "rotten", ["src/rawr/nowhere.py", "plugins/none/x", "rawr.nothing", "/api/none", "nowhere.py"]
)
def test_a_diagram_that_names_nothing_is_caught(rotten: str) -> None:
    check_names("src/rawr/host  plugins/api  rawr.host._boot  /rpc/x  rawr_hq.py", ROOT, {"/rpc"})
    with pytest.raises(AssertionError, match="the diagram names"):
        check_names(f"a -> {rotten}", ROOT, {"/rpc"})


def test_a_sequence_in_another_order_is_caught() -> None:
    this = "tests/docs/test_checks.py"
    made = [Made(str(ROOT / this), name) for name in ("first", "between", "second")]
    check_calls(f"1 {this} first\n2 {this} second", ROOT, made)
    with pytest.raises(AssertionError, match="was not called"):
        check_calls(f"1 {this} second\n2 {this} first", ROOT, made)


def test_calls_are_recorded_in_order_and_once() -> None:
    def inner() -> None: ...

    def outer() -> None:
        inner()

    with recorded() as made:
        outer()
    names = [call.name.rpartition(".")[2] for call in made if call.file == __file__]
    assert names == ["outer", "inner"]


def test_an_exchange_binds_what_it_first_meets() -> None:
    bindings = Bindings()
    check_exchange(EXCHANGE, answering('{"id": "7", "of": "7"}').exchange, bindings)
    assert bindings == {"id": "7"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ('{"id": "7", "of": "8"}', 200),
        ('{"id": "7"}', 200),
        ('{"id": "7", "of": "7", "more": 1}', 200),
        ('{"id": "7", "of": "7"}', 500),
    ],
    ids=["another value", "a key less", "a key more", "another status"],
)
def test_an_answer_that_differs_is_caught(body: str, status: int) -> None:
    with pytest.raises(AssertionError):
        check_exchange(EXCHANGE, answering(body, status).exchange, Bindings())


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ("make nothing", AssertionError),
        ("rawr dev --nothing hq", Exception),
        ("rm -rf /", KeyError),
        ("curl http://127.0.0.1:4000/health", AssertionError),
        ("npm install @orpc/client@0.0.1", AssertionError),
        ("RAWR_NOTHING=1 make up", AssertionError),
    ],
)
def test_a_command_that_would_fail_is_caught(command: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        run_commands(command, answering("{}"))


@pytest.mark.parametrize(
    ("page", "caught"),
    [
        ("```toml\na = 1\n```\n", "nothing executes or checks"),
        ("```\nplain\n```\n", "nothing executes or checks"),
        ("<!-- nonsense -->\n```text\nx\n```\n", "no such marker"),
        ("```python\nassert 1 == 2, 'no'\n```\n", "no"),
        ("```python\nprint(1)\n```\n<!-- output -->\n```text\n2\n```\n", "expected"),
        ("```python\npass\n```\n<!-- raises -->\n```text\nE\n```\n", "ended without"),
        ("```sh\nrawr check hq\n```\n<!-- fails -->\n```text\n...\n```\n", "succeeded"),
        ("```python\n1 / 0\n```\n<!-- raises -->\n```text\nValueError\n```\n", "ZeroDivision"),
    ],
)
def test_a_page_that_does_not_hold_is_caught(
    page: str, caught: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(AssertionError, match=caught):
        evaluate(page, tmp_path, monkeypatch)


def test_a_failure_names_page_and_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AssertionError) as caught:
        evaluate("# Page\n\n```python\nassert False\n```\n", tmp_path, monkeypatch)
    assert caught.value.__notes__ == ["in page.md, line 4"]
