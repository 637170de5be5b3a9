"""The manifest: which capabilities this HQ is made of. Importing it starts nothing."""

from rawr.composition import compose_capabilities

manifest = compose_capabilities(
    [
        # `rawr new capability NAME` adds an entry here.
    ],
    name="$name",
)
