import inspect

import rawr.coordination
from rawr.coordination import CoordinationError


def test_all_is_sorted_and_complete():
    public = {
        name
        for name, value in vars(rawr.coordination).items()
        if not name.startswith("_") and not inspect.ismodule(value)
    }
    names = rawr.coordination.__all__
    assert set(names) == public
    constants = [name for name in names if name.isupper()]
    classes = [name for name in names if name[0].isupper() and not name.isupper()]
    functions = [name for name in names if name[0].islower()]
    assert names == sorted(constants) + sorted(classes) + sorted(functions)


def test_every_error_has_the_one_root_and_a_docstring():
    errors = [
        value
        for value in vars(rawr.coordination).values()
        if inspect.isclass(value) and issubclass(value, Exception)
    ]
    assert len(errors) == 17
    assert all(issubclass(error, CoordinationError) and error.__doc__ for error in errors)


def test_every_public_object_is_documented():
    undocumented = [
        name
        for name in rawr.coordination.__all__
        if (inspect.isclass(value := getattr(rawr.coordination, name)) or inspect.isfunction(value))
        and not inspect.getdoc(value)
    ]
    assert undocumented == []
