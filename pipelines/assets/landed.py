"""One Dagster asset per landed stream, made from the registry; one step per platform.

Belongs here: calling connectors for the configured connections and reporting what
landed. Does not belong here: how a platform is read (connectors), judging (checks).
"""

from collections.abc import Iterator

import dagster as dg
from pydantic import Field

from connectors.core.errors import ConnectorError
from connectors.core.landing.manifest import Manifest
from connectors.registry import Platform
from pipelines.progress import Listener
from pipelines.pull_source import pull_source
from pipelines.settings import Settings


class PullConfig(dg.Config):
    """What a run may ask of the pulls."""

    full_refresh: bool = False
    """Pull everything instead of what is new since the last accepted run."""
    sources: list[str] = Field(default_factory=list)
    """Pull only these of the configured sources; none named: all."""


def landed_key(platform: str, stream: str) -> dg.AssetKey:
    """The asset of one landed stream."""
    return dg.AssetKey(["landed", platform, stream])


def landed_assets(
    settings: Settings, platform: Platform, listener: Listener, retries: dg.RetryPolicy | None
) -> dg.AssetsDefinition:
    """The platform's streams as assets, pulled from every configured connection of it."""
    sources = [source for source in settings.sources.values() if source.platform == platform]
    specs = [
        dg.AssetSpec(
            landed_key(platform.name, stream.name),
            description=stream.description,
            group_name=f"landed_{platform.name}",
            kinds={"parquet"},
            skippable=True,
        )
        for stream in platform.streams
    ]

    @dg.multi_asset(name=f"pull_{platform.name}", specs=specs, retry_policy=retries)
    def pull(config: PullConfig) -> Iterator[dg.MaterializeResult[None]]:
        wanted = [source.name for source in sources if not config.sources or source.name in config.sources]
        pulls = [line for name in wanted for line in pull_source(settings, name, config.full_refresh, listener)]
        faults = {line.stream: line.fault for line in pulls if line.fault}
        for stream in platform.streams:
            if stream.name not in faults:
                landed = [line.manifest for line in pulls if line.stream == stream.name and line.manifest]
                yield dg.MaterializeResult(landed_key(platform.name, stream.name), metadata=_metadata(landed))
        if faults:
            raise _failure(list(faults.values()))

    return pull


def _metadata(landed: list[Manifest]) -> dict[str, int | str | list[str]]:
    """Counts over the connections; what is superseded later stands in the release's reconciliation."""
    counts: dict[str, int | str | list[str]] = {
        name: sum(getattr(manifest, name) for manifest in landed)
        for name in (
            "pages",
            "records_received",
            "records_landed",
            "records_rejected",
            "records_deleted",
            "duplicate_records",
        )
    }
    reported = [manifest.records_reported for manifest in landed if manifest.records_reported is not None]
    if reported:
        counts["records_reported"] = sum(reported)
    counts["dagster/row_count"] = counts["records_landed"]
    counts["run_ids"] = [manifest.run_id for manifest in landed]
    undeclared = sorted({name for manifest in landed for name in manifest.undeclared_fields})
    notes = sorted({note for manifest in landed for note in manifest.notes})
    return counts | ({"undeclared_fields": undeclared} if undeclared else {}) | ({"notes": notes} if notes else {})


def _failure(faults: list[ConnectorError]) -> dg.Failure:
    """One failure of the step for all its streams; retried only if every fault is transient."""
    sentences = list(dict.fromkeys(str(fault) for fault in faults))
    return dg.Failure(
        description="; ".join(sentences),
        allow_retries=all(fault.is_transient for fault in faults),
    )
