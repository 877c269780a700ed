"""What may be configured of `deps`."""

from __future__ import annotations

from boombap.config import kinds
from boombap.config.section import Key, Section
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from boombap.config.secret import Secret


class DepsSettings(Record):
    """Where `deps` gets advisories and what it holds a project against. Durations are kept in seconds."""

    source: Secret | None = None
    database: Path | None = None
    ecosystems: tuple[str, ...] = ()
    ttl: float = 86_400.0
    max_age: float = 7 * 86_400.0
    refresh: bool = True
    policy: Path | None = None
    waivers: Path | None = None
    vex: tuple[str, ...] = ()
    vex_author: str = ""
    kev: str = ""
    epss: str = ""
    serve_token: Secret | None = None
    slack_url: Secret | None = None
    verdicts: Path | None = None
    webhook_url: Secret | None = None
    webhook_secret: Secret | None = None
    hook_token: Secret | None = None
    break_glass_max: float = 86_400.0


SECTION = Section(
    "deps",
    DepsSettings,
    (
        Key(
            "deps.source",
            kinds.SECRET,
            "folder or address of an OSV export, which holds PyPI/all.zip; default: OSV's own",
        ),
        Key("deps.database", kinds.PATH, "folder of the databases; default: deps in paths.data"),
        Key(
            "deps.ecosystems",
            kinds.NAMES,
            "ecosystems that are synced, in OSV's words; default: those of the project",
        ),
        Key("deps.ttl", kinds.AGE, "age from which an audit has the databases refreshed in the background"),
        Key("deps.max_age", kinds.AGE, "age from which a database gives no verdict, unless the policy says another"),
        Key("deps.refresh", kinds.SWITCH, "whether an audit starts that refresh"),
        Key("deps.policy", kinds.PATH, "TOML file with what blocks"),
        Key("deps.waivers", kinds.PATH, "TOML file with accepted findings"),
        Key("deps.vex", kinds.NAMES, "VEX documents (OpenVEX or CycloneDX, JSON) whose statements waive findings"),
        Key("deps.vex_author", kinds.TEXT, "person or organization whose statements `deps vex` writes"),
        Key(
            "deps.kev",
            kinds.TEXT,
            "file or address of CISA's catalogue of exploited vulnerabilities (JSON)",
        ),
        Key(
            "deps.epss",
            kinds.TEXT,
            "file or address of FIRST's probabilities of exploitation (CSV, also gzip)",
        ),
        Key("deps.serve_token", kinds.SECRET, "token that clients of `deps serve` must send; default: none is needed"),
        Key("deps.slack_url", kinds.SECRET, "address of the incoming webhook of Slack for `deps notify slack`"),
        Key("deps.verdicts", kinds.PATH, "file of the verdicts by digest; default: verdicts.db in paths.data"),
        Key("deps.webhook_url", kinds.SECRET, "address that `deps notify webhook` sends to"),
        Key(
            "deps.webhook_secret",
            kinds.SECRET,
            "what signs its messages: whsec_ and base64 of 24 to 64 bytes",
        ),
        Key(
            "deps.hook_token",
            kinds.SECRET,
            "token that senders to /hooks/argocd of `deps serve` must send, or sign with; without it all get 401",
        ),
        Key("deps.break_glass_max", kinds.AGE, "how far from now the end of a break-glass annotation may be"),
    ),
)
