"""How large each model's vectors are: they never change under a caller's feet, for an index holds one size."""

from collections.abc import Callable

from dispatcher.core.embedding import Vectors, may_be_shortened
from dispatcher.core.model import ModelSpec
from dispatcher.core.task import ModelId
from dispatcher.errors import InvalidRequest, RuntimeBadAnswer


class VectorSizes:
    """Remembers the size that each model's vectors have had since it has the weights it has.

    Args:
        since_at: from when on a model is the one it is now, in Unix time.
    """

    def __init__(self, since_at: Callable[[ModelId], float]) -> None:
        self._since_at = since_at
        self._sizes: dict[ModelId, tuple[float, int]] = {}

    def of(self, model_id: ModelId) -> int | None:
        """The size of its vectors; None while none were seen."""
        since_at, size = self._sizes.get(model_id, (None, None))
        return size if since_at == self._since_at(model_id) else None

    def note(self, spec: ModelSpec, vectors: Vectors) -> None:
        """Take in what came.

        Raises: RuntimeBadAnswer when it is of another size than before.
        """
        known = self.of(spec.id)
        if known is not None and known != vectors.size:
            raise RuntimeBadAnswer(
                f"{spec.id} suddenly answers with vectors of {vectors.size} numbers, before it was {known}; they can't "
                "be compared: see what its inference server serves under this name"
            )
        self._sizes[spec.id] = (self._since_at(spec.id), vectors.size)

    def check_asked(self, spec: ModelSpec, dimensions: int | None) -> None:
        """Refuse vectors that can't be had, as far as that is known.

        Raises: InvalidRequest.
        """
        size = self.of(spec.id)
        if dimensions is None or dimensions == size:
            return
        if size is not None and dimensions > size:
            raise InvalidRequest(
                f"dimensions: {spec.id} makes vectors of {size} numbers, not {dimensions}; ask for less"
            )
        if size is not None and not may_be_shortened(f"{spec.id} {spec.reference}"):
            raise InvalidRequest(
                f"dimensions: the vectors of {spec.id} aren't made to be shortened to {dimensions} numbers; "
                f"leave it out, or say {size}"
            )
