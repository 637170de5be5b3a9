import rawr.http
import rawr.openapi


def test_exports_are_sorted_and_exist() -> None:
    for module in (rawr.http, rawr.openapi):
        names = module.__all__
        assert names == sorted(names, key=lambda name: (not name.isupper(), name))
        assert all(hasattr(module, name) for name in names)
