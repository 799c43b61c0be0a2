"""Entering the prompt variants that come with the package."""

from collections.abc import Sequence

from dispatcher.core.variants import Variant, VariantKey, VariantState
from dispatcher.core.wording import Wording
from dispatcher.store.database import Database
from dispatcher.store.prompt_variants import add_variants, all_variants


async def ship_variants(
    database: Database, shipped: Sequence[tuple[VariantKey, Wording]], now_at: float
) -> tuple[Variant, ...]:
    """Enter those that were never entered, as candidates; what became of the others stays.

    Returns: all variants there are.
    """
    known = await all_variants(database)
    new: list[Variant] = []
    for key, wording in shipped:
        mine = [variant for variant in (*known, *new) if variant.key == key]
        if all(variant.wording != wording for variant in mine):
            version = 1 + max((variant.version for variant in mine), default=0)
            why = "comes with the package"
            new.append(Variant(key, version, wording, VariantState.CANDIDATE, why, now_at, now_at, now_at))
    await add_variants(database, new)
    return (*known, *new)
