"""Our flags for programs that speak OpenFeature: a provider for its Python SDK, of the extra `openfeature`.

    from openfeature import api
    from openfeature.evaluation_context import EvaluationContext
    from boombap.openfeature import BoombapProvider

    api.set_provider_and_wait(BoombapProvider())
    engine = api.get_client().get_string_value("ctx-engine", "native", EvaluationContext("my-repository"))

Flags are strings, ``native`` or ``classic``. Source: OpenFeature specification 0.8, section 2, "Provider".
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from openfeature.exception import FlagNotFoundError, InvalidContextError, TypeMismatchError
from openfeature.flag_evaluation import FlagResolutionDetails, Reason
from openfeature.provider import AbstractProvider, Metadata

from boombap.cli.sections import names
from boombap.config.load import load
from boombap.flags.evaluation import Flags
from boombap.flags.model import NAMES
from boombap.flags.settings import SECTION, FlagSettings
from boombap.interrupt import Interrupt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import NoReturn

    from openfeature.evaluation_context import EvaluationContext
    from openfeature.flag_evaluation import FlagValueType

    from boombap.config.model import Config
    from boombap.flags.model import Evaluation

# A forced engine is one value for every key. With an error code the SDK would serve the caller's default, not classic.
_REASONS = {
    "STATIC": Reason.STATIC,
    "OVERRIDE": Reason.STATIC,
    "TARGETING_MATCH": Reason.TARGETING_MATCH,
    "DEFAULT": Reason.DEFAULT,
    "ERROR": Reason.ERROR,
}


class BoombapProvider(AbstractProvider):
    """Evaluates as the tools do: the same sources in the same order, the same hash, the same fallback to classic.

    Args:
        config: of the program; None reads it as the commands do.

    Raises:
        ConfigError: when the configuration has an error.
    """

    def __init__(self, config: Config | None = None) -> None:
        super().__init__()
        config = config or load(names().replace(sections=(SECTION,)))
        assert config.paths.state is not None, "config.load fills it in"
        self._flags = Flags(config.of(FlagSettings), config.paths.state, Interrupt())
        self._lock = threading.Lock()

    def get_metadata(self) -> Metadata:
        """Return the name of the provider."""
        return Metadata("boombap")

    def resolve_string_details(
        self, flag_key: str, default_value: str, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[str]:
        """Return which engine works on the targeting key, and why.

        Args:
            flag_key: the name of a flag, for example ``ctx-engine``.
            default_value: not used: a flag of ours always has an answer.
            evaluation_context: its targeting key is what the work is about; without one the answer is the default's.

        Raises:
            FlagNotFoundError: for a name that is not one of our flags.
            InvalidContextError: for a targeting key that is not a string.
        """
        if flag_key not in NAMES:
            raise FlagNotFoundError(f"{flag_key!r} is not a flag; flags are {', '.join(NAMES)}")
        key = evaluation_context.targeting_key if evaluation_context else None
        if key is not None and not isinstance(key, str):
            raise InvalidContextError(f"the targeting key must be a string, not {type(key).__name__}")
        with self._lock:
            evaluation = self._flags.evaluate(flag_key, key or "")
            problems = "; ".join(self._flags.problems())
        return _details(evaluation, problems)

    def resolve_boolean_details(
        self, flag_key: str, default_value: bool, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[bool]:
        """Raise `TypeMismatchError`: flags of ours are strings."""
        _refuse(flag_key)

    def resolve_integer_details(
        self, flag_key: str, default_value: int, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[int]:
        """Raise `TypeMismatchError`: flags of ours are strings."""
        _refuse(flag_key)

    def resolve_float_details(
        self, flag_key: str, default_value: float, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[float]:
        """Raise `TypeMismatchError`: flags of ours are strings."""
        _refuse(flag_key)

    def resolve_object_details(
        self,
        flag_key: str,
        default_value: Sequence[FlagValueType] | Mapping[str, FlagValueType],
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[Sequence[FlagValueType] | Mapping[str, FlagValueType]]:
        """Raise `TypeMismatchError`: flags of ours are strings."""
        _refuse(flag_key)


def _details(evaluation: Evaluation, problems: str) -> FlagResolutionDetails[str]:
    """Return an evaluation in the SDK's words, with what is wrong where a source cannot be used."""
    metadata = {"source": evaluation.source, **({"problem": problems} if problems else {})}
    variant, reason = evaluation.variant, _REASONS[evaluation.reason]
    return FlagResolutionDetails(value=variant, variant=variant, reason=reason, flag_metadata=metadata)


def _refuse(flag: str) -> NoReturn:
    raise TypeMismatchError(f"{flag} is a string: native or classic")
