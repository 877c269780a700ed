"""The actions of `deps`, and what each says of itself; the work is in the modules that they import."""

from __future__ import annotations

from boombap.command.action import Action, Tool
from boombap.command.listener import check_listener
from boombap.deps import environment, options
from boombap.deps.enforcement import options as gate_options
from boombap.deps.verdicts import options as verdict_options
from boombap.errors import (
    EXIT_EXTERNAL,
    EXIT_FINDINGS,
    EXIT_NO_VERDICT,
    EXIT_OK,
    EXIT_RETRY_LATER,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.command.context import RunContext
    from boombap.config.section import Section


def _section() -> Section:
    from boombap.deps.settings import SECTION

    return SECTION


def _audit(context: RunContext) -> int:
    from boombap.deps.auditing import audit

    return audit(context)


def _check(context: RunContext) -> int:
    from boombap.deps.auditing import check

    return check(context)


def _report(context: RunContext) -> int:
    from boombap.deps.auditing import report

    return report(context)


def _vex(context: RunContext) -> int:
    from boombap.deps.auditing import judged
    from boombap.deps.stating import write_vex

    return write_vex(context, lambda: judged(context, environment.policy(context), environment.audited))


def _licences(context: RunContext) -> int:
    from boombap.deps.licences.command import show_licences

    return show_licences(context)


def _list(context: RunContext) -> int:
    from boombap.deps.report import listing

    policy = environment.policy(context)
    reading = environment.read_asked(context, policy.exclude)
    form = listing.json_lines(reading) if context.args.format == "json" else listing.lines(reading)
    context.terminal.write("\n".join(form))
    return EXIT_NO_VERDICT if any(item.state == "gap" for item in reading.inventory) else EXIT_OK


def _sync(context: RunContext) -> int:
    from boombap.deps.syncing import sync

    return sync(context)


def _explain(context: RunContext) -> int:
    from boombap.deps.explaining import explain

    return explain(context)


def _policy(context: RunContext) -> int:
    from datetime import date

    from boombap.deps.gate.policy import NEVER
    from boombap.output.encode import plain
    from boombap.output.terminal import printable

    policy = environment.policy(context, context.args.environment)
    for name, value in plain(policy).items():
        context.terminal.write(printable(f"{name} = {value}"))
    expired = 0
    for waiver in environment.waivers(context):
        left = (waiver.expires - date.today()).days
        state = "expired" if left < 0 else f"{left} days left"
        expired += left < 0
        context.terminal.write(
            printable(f"waiver {waiver.id} on {waiver.subject}: {state}, {waiver.owner}: {waiver.reason}")
        )
    if policy.severity == NEVER:
        context.terminal.note("severity is never: only kev, epss and malware block")
    return EXIT_FINDINGS if expired else EXIT_OK


def _serve(context: RunContext) -> int:
    from boombap.deps.admission.application import serve

    return serve(context)


def _notify(context: RunContext) -> int:
    from boombap.deps.auditing import judged
    from boombap.deps.notify.command import notify

    policy = environment.policy(context, context.args.environment)
    return notify(context, lambda: judged(context, policy, environment.audited))


def _verdict(context: RunContext) -> int:
    from boombap.deps.verdicts.commands import run

    return run(context)


def _gate(context: RunContext) -> int:
    from boombap.deps.enforcement.commands import run

    return run(context)


def _update(context: RunContext) -> int:
    from functools import partial

    from boombap.deps.update.command import UpdateOptions, update

    args = context.args
    exclude = environment.policy(context).exclude
    options = UpdateOptions(
        tuple(args.paths),
        exclude,
        is_applied=args.apply or args.commit,
        branch=args.branch or "",
        test=args.test,
        form=args.format,
    )
    judge = partial(environment.audited, context)
    return update(options, judge, environment.state(context), context.terminal, context.interrupt)


_DIGEST = f"sha256:{8 * '0123abcd'}"
_VERDICT_EXAMPLES = f"""\
verdict record registry.example/app@{_DIGEST} sbom.json
verdict refresh
verdict show {_DIGEST}
verdict export"""
_CHECK_EXAMPLES = """\
check --ci-mode --baseline before.json
check --policy policy.toml --environment staging
check --projects projects.txt --format json"""
_UPDATE_EXAMPLES = """\
update --auto-patch
update --auto-patch --apply --test "pytest -q"
update --auto-patch --branch fix-dependencies --commit"""
_UNREADABLE = "a path, git or a database cannot be read, or --output cannot be written"
_UNSENT = "a path, git or a database cannot be read; where `check` ends with 0, also when the message could not be sent"
_UNJUDGED = "nothing to audit, more left out than max_unaudited, no database, one that is too old, or unreadable files"
_OTHER_FORM = "a database is of another version of boombap"
_NO_DATABASES = "there are no databases, or they are of another version of boombap"

TOOL = Tool(
    description="Checks dependencies against a local vulnerability database.",
    section=_section,
    actions=(
        Action(
            "audit",
            "list known vulnerabilities of the packages that files name",
            _audit,
            options.add_audit,
            options.check_known,
            examples="audit --severity high\naudit requirements.txt api/ --format json",
            exits={
                EXIT_FINDINGS: "a finding at or above --severity",
                EXIT_EXTERNAL: _UNREADABLE,
                EXIT_NO_VERDICT: _UNJUDGED,
            },
        ),
        Action(
            "check",
            "check the findings against the policy; exit code 0, 1 or 4",
            _check,
            options.add_check,
            options.check_projects,
            examples=_CHECK_EXAMPLES,
            exits={
                EXIT_FINDINGS: "the policy refuses a finding",
                EXIT_EXTERNAL: _UNREADABLE,
                EXIT_NO_VERDICT: _UNJUDGED,
            },
        ),
        Action(
            "report",
            "write findings and verdict as a document, also as evidence for compliance",
            _report,
            options.add_report,
            options.check_report,
            examples="report --format sarif --output deps.sarif\nreport --compliance owasp",
            exits={EXIT_EXTERNAL: _UNREADABLE, EXIT_NO_VERDICT: _UNJUDGED},
        ),
        Action(
            "list",
            "list every file that could name a dependency with its state, and every package",
            _list,
            options.add_list,
            examples="list\nlist --format json services/",
            exits={EXIT_EXTERNAL: "a path is not there", EXIT_NO_VERDICT: "a file is a gap"},
        ),
        Action(
            "sync",
            "update the vulnerability databases from an OSV export",
            _sync,
            options.add_sync,
            options.check_sync,
            examples="sync\nsync --from /mirror/osv --ecosystem PyPI\nsync --if-stale",
            exits={
                EXIT_EXTERNAL: "the export, the network or the disk failed",
                EXIT_NO_VERDICT: _OTHER_FORM,
                EXIT_RETRY_LATER: "another sync is running",
            },
        ),
        Action(
            "explain",
            "show one advisory and its aliases as the databases have them",
            _explain,
            options.add_explain,
            examples="explain CVE-2024-24762",
            exits={
                EXIT_FINDINGS: "no database knows the id",
                EXIT_EXTERNAL: "a database cannot be read",
                EXIT_NO_VERDICT: _NO_DATABASES,
            },
        ),
        Action(
            "policy",
            "print the policy and the waivers as they are understood: `policy test`",
            _policy,
            options.add_policy,
            examples="policy test --policy policy.toml",
            exits={EXIT_FINDINGS: "a waiver has expired"},
        ),
        Action(
            "serve",
            "serve advisories over an OSV-compatible API, and verdicts to API servers and Argo CD",
            _serve,
            options.add_serve,
            check_listener,
            examples="serve --port 8421\nserve --host 0.0.0.0 --cert server.pem --key server.key",
            exits={
                EXIT_EXTERNAL: "the address cannot be listened on, or the verdicts cannot be read",
                EXIT_NO_VERDICT: "there are neither databases nor verdicts, or they are of another version of boombap",
                EXIT_RETRY_LATER: "there are no databases, and the verdicts are locked by another process",
            },
        ),
        Action(
            "notify",
            "check as `check` does, and send the findings to Slack or a webhook, once",
            _notify,
            options.add_notify,
            options.check_known,
            examples="notify slack --link https://ci.example.org/job/1\nnotify slack --dry-run",
            exits={
                EXIT_FINDINGS: "the policy refuses a finding, whether or not the message could be sent",
                EXIT_EXTERNAL: _UNSENT,
                EXIT_NO_VERDICT: _UNJUDGED,
                EXIT_RETRY_LATER: "where `check` ends with 0: another process has been sending for three minutes",
            },
        ),
        Action(
            "vex",
            "write what is decided about each finding as a VEX document, OpenVEX or CycloneDX",
            _vex,
            options.add_vex,
            examples="vex --author 'ACME security' --output app.openvex.json\nvex --format cyclonedx --author ACME",
            exits={
                EXIT_FINDINGS: "no finding, so no document",
                EXIT_EXTERNAL: _UNREADABLE,
                EXIT_NO_VERDICT: _UNJUDGED,
            },
        ),
        Action(
            "licences",
            "show the licences of packages, and whether the policy allows them",
            _licences,
            options.add_licences,
            examples="licences --installed .venv\nlicences --policy policy.toml --format json",
            exits={
                EXIT_FINDINGS: "a licence is denied",
                EXIT_EXTERNAL: "a path cannot be read",
                EXIT_NO_VERDICT: "a licence is unknown, nothing was found, or something could not be looked at",
            },
        ),
        Action(
            "verdict",
            "keep verdicts by the digest of an image, and judge them again after a sync",
            _verdict,
            verdict_options.add_verdict,
            verdict_options.check_verdict,
            examples=_VERDICT_EXAMPLES,
            exits={
                EXIT_FINDINGS: "the policy refuses the image, or a verdict turned so, or the digest is not recorded",
                EXIT_EXTERNAL: "a path, the verdicts or a database cannot be read, or the verdicts not written",
                EXIT_NO_VERDICT: f"{_UNJUDGED}; or no verdict is recorded that could be judged again",
                EXIT_RETRY_LATER: "the verdicts are locked by another process",
            },
        ),
        Action(
            "gate",
            "write the admission policy, and list images without a digest",
            _gate,
            gate_options.add_gate,
            gate_options.check_gate,
            examples="gate pin deploy/app.yaml\ngate policy --environment production --mode deny --output policy/",
            exits={
                EXIT_FINDINGS: "of `pin`: an image has no digest",
                EXIT_EXTERNAL: "the verdicts cannot be read, or --output cannot be written",
                EXIT_NO_VERDICT: "no verdict passes and counts; of `pin`: a file was not read, or no image found",
                EXIT_RETRY_LATER: "the verdicts are locked by another process",
            },
        ),
        Action(
            "update",
            "plan the smallest change that removes findings; --apply writes it",
            _update,
            options.add_update,
            options.check_update,
            examples=_UPDATE_EXAMPLES,
            exits={
                EXIT_FINDINGS: "findings are left, or the command of --test failed",
                EXIT_EXTERNAL: "uv, the package index, git or the disk failed",
                EXIT_NO_VERDICT: "nothing could be audited",
                EXIT_RETRY_LATER: "another update is running",
            },
        ),
    ),
    notes="""\
Exit codes: 0 fine, 1 vulnerable or refused by the policy, 2 usage, 3 an external system failed (server, network,
file), 4 no verdict (nothing audited, no or too old a database, unreadable files), 75 another update is running,
130 Ctrl-C.""",
)
