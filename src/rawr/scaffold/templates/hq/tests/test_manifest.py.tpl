"""The manifest composes, and what it composes boots."""

from rawr.host import Host

from rawr_hq import manifest


async def test_every_capability_is_mounted(host: Host) -> None:
    names = [capability.name for capability in manifest.capabilities]
    assert sorted(manifest.orpc.contract.contract_children) == sorted(names)
    assert host.manifest is manifest
