# $name

An HQ: capabilities with typed APIs and durable workflows, composed in `rawr_hq.py`.

`rawr` comes with the package rawr-hq. Tests and checks need pytest, mypy and ruff besides, the group `dev` of
`pyproject.toml`:

```console
pip install --upgrade pip         # groups need pip 25.1 or later
pip install --group dev
```

Then, in this folder:

```console
rawr dev .                        # serve it on http://127.0.0.1:3000; its token is in .rawr/dev-token
rawr new capability NAME          # add one: package, API, workflow, tests, manifest entry
rawr check .                      # the rules of the architecture
rawr openapi . -o openapi.json    # update the published document, after a change of contracts
rawr openapi . --check            # fails if it is out of date, and names what breaks callers
rawr doctor .                     # what is wrong with the set-up, and how to mend it
pytest                            # boots the HQ in process
mypy                              # the types
ruff check . && ruff format .     # the style
```

| folder | holds | may import |
|---|---|---|
| `packages/<capability>/` | the domain, its procedures, the workflow contract | `rawr`, other packages |
| `plugins/api/<capability>/` | the API boundary | its package |
| `plugins/workflows/<capability>/` | triggers, run status, durable functions | its package |
| `plugins/web/<capability>/` | a micro-frontend; `rawr web build` builds it | what `rawr typescript` makes |
| `rawr_hq.py` | the composition, and nothing else | plugins, packages |
