"""How often `auto` would have said what callers said themselves."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Agreed:
    """Dispatches whose caller named it; how many of them `auto`, and how many the rules alone, would have named so."""

    named: int = 0
    agreed: int = 0
    rules_agreed: int = 0

    @property
    def share(self) -> float | None:
        """The share that `auto` would have told rightly, 0..1; None when nobody named any."""
        return self.agreed / self.named if self.named else None

    def counted(self, *, agrees: bool, rules_agree: bool) -> "Agreed":
        """One more."""
        return Agreed(self.named + 1, self.agreed + agrees, self.rules_agreed + rules_agree)


@dataclass(frozen=True, slots=True)
class Agreement:
    """On task types and on complexities."""

    task_type: Agreed = Agreed()
    complexity: Agreed = Agreed()
