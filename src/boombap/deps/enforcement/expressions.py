"""What an API server evaluates about a pod, in CEL.

Source: Kubernetes, "Validating Admission Policy" and "Common Expression Language in Kubernetes". CEL has the string
functions `split` and `join` there. Two policies judge a pod: one wants a digest of every image and needs no parameter;
the other is evaluated once per ConfigMap, and looks only at the images whose digest begins as those of that ConfigMap.
So together all ConfigMaps judge each image exactly once, and a ConfigMap that is missing refuses every pod.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
_BY_DIGEST = "image.matches('^[^@]+@sha256:[0-9a-f]{64}$')"
_KEY = "'sha256.' + image.split('@sha256:')[1]"
# The API server sets the time of creation before it validates; a client cannot. So it is the clock of a new pod.
_PASSES = f"""\
({_KEY}) in params.data
&& timestamp(object.metadata.creationTimestamp) < timestamp(params.data[{_KEY}])"""


def _images(pod: str) -> str:
    """Return the images that a pod names: an empty text where a container or a volume names none."""
    lists = [
        f"(has({pod}.spec.{kind}) ? {pod}.spec.{kind} : []).map(c, has(c.image) ? c.image : '')" for kind in _CONTAINERS
    ]
    volumes = f"(has({pod}.spec.volumes) ? {pod}.spec.volumes : []).filter(v, has(v.image))"
    return "\n+ ".join([*lists, f"{volumes}.map(v, has(v.image.reference) ? v.image.reference : '')"])


VARIABLES: Mapping[str, str] = {
    "images": _images("object"),
    # A pod that runs is changed in other ways too, last when its finalizers are removed: that must stay possible.
    "running": f"oldObject == null ? [] : (\n{_images('oldObject')})",
    "asked": "variables.images.filter(image, !(image in variables.running))",
}
"""By name, in the order in which they use each other: the images that this request adds to the pod are `asked`."""

WITHOUT_DIGEST: Mapping[str, str] = {"refused": f"variables.asked.filter(image, !{_BY_DIGEST})"}
"""The images that the policy of digests refuses."""

WITHOUT_VERDICT: Mapping[str, str] = {
    "judged": "variables.asked.filter(image, image.contains(params.data.prefix))",
    "refused": f"variables.judged.filter(image, !(\n{_PASSES}))",
}
"""The images that the policy of verdicts refuses, of those that one ConfigMap is about."""

VALID = "variables.refused.size() == 0"
"""Whether the pod may be created."""


def message(sentence: str) -> str:
    """Return the expression of a message: a sentence, and the images that are refused.

    Args:
        sentence: without quotes.
    """
    return f"'{sentence}: ' + variables.refused.join(', ')"
