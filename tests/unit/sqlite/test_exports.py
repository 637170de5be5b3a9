import inspect

import rawr.sqlite
from rawr.sqlite import StorageError


def test_all_is_sorted_and_complete():
    public = {
        name
        for name, value in vars(rawr.sqlite).items()
        if not name.startswith("_") and not inspect.ismodule(value)
    }
    assert set(rawr.sqlite.__all__) == public
    assert rawr.sqlite.__all__ == sorted(rawr.sqlite.__all__)


def test_every_error_has_the_one_root_and_a_docstring():
    errors = [
        value
        for value in vars(rawr.sqlite).values()
        if inspect.isclass(value) and issubclass(value, Exception)
    ]
    assert len(errors) == 15
    assert all(issubclass(error, StorageError) and error.__doc__ for error in errors)
