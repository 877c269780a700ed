"""The actions of `spotify`: options and configuration to the work, its answer to text or JSON."""

from __future__ import annotations

from boombap.command.action import Action, Tool
from boombap.command.emit import answer
from boombap.errors import EXIT_EXTERNAL, EXIT_FINDINGS, EXIT_OK, EXIT_RETRY_LATER, UsageError
from boombap.spotify import corrections, options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser

    from boombap.command.context import RunContext
    from boombap.config.section import Section
    from boombap.spotify.catalogue.leases import Selection
    from boombap.spotify.model import Shard
    from boombap.spotify.settings import SpotifySettings


def _section() -> Section:
    from boombap.spotify.settings import SECTION

    return SECTION


def _settings(context: RunContext) -> SpotifySettings:
    from boombap.spotify.settings import SpotifySettings

    return context.config.of(SpotifySettings)


def _batch(context: RunContext) -> int:
    args = context.args
    selection = _unmatched(context)._replace(shard=_shard(context, args.source))
    return _work(context, "batch", selection, args.source, is_dry=args.dry_run)


def _refresh(context: RunContext) -> int:
    from boombap.spotify.catalogue.leases import Phase, Selection

    args, shard = context.args, _shard(context, options.DATABASE)
    selection = Selection(max_tracks=args.tracks, phases=(Phase.REFRESH,), refresh_s=args.older_than, shard=shard)
    return _work(context, "refresh", selection, options.DATABASE, is_dry=False)


def _shard(context: RunContext, source: str) -> Shard:
    from boombap.spotify import environment

    return environment.shard(context, is_database=options.is_database(source))


def _work(context: RunContext, action: str, selection: Selection, source: str, *, is_dry: bool) -> int:
    from boombap.spotify import encode, report
    from boombap.spotify.commands.batch import Order, work
    from boombap.spotify.counts import count_run

    in_flight = context.args.workers or _settings(context).in_flight
    done = work(context, Order(action, selection, source, is_dry, in_flight))
    count_run(context.meter, done)
    answer(context, lambda: report.batch_lines(done), lambda: encode.batch(done))
    if error := done.verdict():
        raise error
    if not done.statistics.tracks and not options.is_database(source):
        raise _unusable(source)
    return EXIT_OK


def _unusable(source: str) -> UsageError:
    name = "stdin" if source == options.STDIN else source
    return UsageError(f"{name} has no usable row", hint="see docs/reference/spotify.md for the columns of a file")


def _plan(context: RunContext) -> int:
    from boombap.spotify import encode, report
    from boombap.spotify.commands.plan import plan

    wanted = plan(context, _unmatched(context), context.args.source)
    if not wanted.tracks and not options.is_database(context.args.source):
        raise _unusable(context.args.source)
    answer(context, lambda: report.plan_lines(wanted), lambda: encode.plan(wanted))
    return EXIT_OK


def _unmatched(context: RunContext) -> Selection:
    """Return the rows that have no result yet, or an old one that says that there is none."""
    from boombap.spotify.catalogue.leases import Selection

    return Selection(max_tracks=context.args.tracks, miss_s=_settings(context).missing_ttl)


def _status(context: RunContext) -> int:
    from boombap.spotify import encode, environment, report
    from boombap.spotify.commands.status import status
    from boombap.spotify.commands.warm import counts

    with environment.redis(context, context.interrupt) as redis:
        progress, cache = status(context, redis), counts(context, redis)
    answer(
        context,
        lambda: report.status_lines(progress, cache),
        lambda: encode.status(progress, cache._asdict() if cache else None),
    )
    return EXIT_OK


def _warm(context: RunContext) -> int:
    from boombap.spotify import encode
    from boombap.spotify.commands.warm import warm
    from boombap.units import format_duration

    taken, seconds = warm(context)
    line = f"{taken:,} tracks are in the cache, taken in {format_duration(seconds)}"
    answer(context, lambda: [line], lambda: encode.warm(taken, seconds))
    return EXIT_OK


def _audit(context: RunContext) -> int:
    from boombap.spotify import encode, report
    from boombap.spotify.commands.audit import run

    args = context.args
    if args.tracks and not args.verify:
        raise UsageError("--tracks goes with --verify", hint="an audit without it judges every match")
    max_verified = (args.tracks or options.VERIFIED) if args.verify else 0
    audit = run(context, apply=args.apply, limit=args.n, max_verified=max_verified)
    answer(context, lambda: report.audit_lines(audit), lambda: encode.audit(audit))
    if audit.verification and audit.verification.error:
        raise audit.verification.error
    # "Is every stored match right now?"
    return EXIT_FINDINGS if audit.bad > audit.quarantined else EXIT_OK


def _explain(context: RunContext) -> int:
    from boombap.output.terminal import printable
    from boombap.spotify import encode
    from boombap.spotify.commands.explain import search_one
    from boombap.spotify.matching.explanation import explain
    from boombap.spotify.matching.match import match, score_candidate
    from boombap.spotify.model import Priority, TrackQuery

    args = context.args
    duration_ms = round(1000 * args.duration) if args.duration else None
    wanted = TrackQuery(0, args.artist, args.title, None, args.isrc, duration_ms, None, Priority.ASKED)
    tracks, engine = search_one(context, wanted)
    answer(
        context,
        lambda: map(printable, explain(wanted, tracks)),
        lambda: encode.explanation(match(wanted, tracks), [score_candidate(wanted, track) for track in tracks], engine),
    )
    return EXIT_OK


def _cooldown(context: RunContext) -> int:
    from boombap.spotify import encode, report
    from boombap.spotify.commands.cooldown import Cooldowns, is_confirmed

    with Cooldowns(context) as cooldowns:
        ban = cooldowns.read()
        # What cannot be seen may be a ban too: to end it, the server must answer.
        is_ended = context.args.verb == "clear" and bool(ban.memories or ban.unseen)
        if is_ended:
            if not is_confirmed(context):
                context.terminal.note("nothing was changed")
                return EXIT_FINDINGS
            cooldowns.clear()
    answer(
        context,
        lambda: report.ban_lines(ban, is_ended=is_ended),
        lambda: encode.ban(ban, is_ended=is_ended),
    )
    return EXIT_EXTERNAL if ban.unseen else EXIT_OK


def _export(context: RunContext) -> int:
    count = _export_parquet(context) if context.args.format == "parquet" else _export_text(context)
    context.terminal.note(f"{count:,} rows")
    return EXIT_OK


def _export_parquet(context: RunContext) -> int:
    from boombap.output.destination import binary_destination
    from boombap.spotify import parquet
    from boombap.spotify.commands.export import exported

    library = parquet.load()
    with binary_destination(context.args.output) as out:
        return parquet.write(library, out, exported(context, is_matched=context.args.matched))


def _export_text(context: RunContext) -> int:
    from boombap.output.destination import destination
    from boombap.spotify import encode
    from boombap.spotify.commands.export import exported

    args, count = context.args, 0
    to_text = encode.export_csv if args.format == "csv" else encode.export_lines
    with destination(args.output, context.terminal) as out:
        if args.format == "csv":
            out.write(encode.export_head())
        for rows in exported(context, is_matched=args.matched):
            out.write(to_text(rows))
            count += len(rows)
    return count


def _emulate(context: RunContext) -> int:
    from boombap.spotify.emulate import command

    return command.run(context)


def _add_emulate(parser: ArgumentParser) -> None:
    # The other actions do without the model that its options are made of.
    from boombap.spotify.emulate.options import add_emulate

    add_emulate(parser)


_FAILED = "Spotify, PostgreSQL or a file failed"
_PARTLY_FAILED = f"{_FAILED}, if only for one track"
_LIMITED = "a quota is used up, or Spotify limits the rate for long"
_NO_DATABASE = "PostgreSQL failed"
_NO_ROW = "a row does not exist, or PostgreSQL or Redis failed"
_LEASED = "a running batch works on a row"

TOOL = Tool(
    description="Finds the Spotify track of each row of the catalogue, and stores its metadata.",
    section=_section,
    actions=(
        Action(
            "batch",
            "match tracks that have no result yet and store the result",
            _batch,
            options.add_batch,
            examples="batch --tracks=1000\nbatch --from tracks.csv --dry-run\nbatch --shard 1/4",
            exits={EXIT_EXTERNAL: _PARTLY_FAILED, EXIT_RETRY_LATER: _LIMITED},
        ),
        Action(
            "plan",
            "what a batch would cost: requests, time, days of quota; makes no request",
            _plan,
            options.add_plan,
            examples="plan\nplan --from tracks.csv",
            exits={EXIT_EXTERNAL: _NO_DATABASE},
        ),
        Action(
            "warm",
            "load stored metadata into the cache, the most popular tracks first",
            _warm,
            options.add_warm,
            examples="warm --tracks 100000\nwarm --artists artists.txt",
            exits={EXIT_EXTERNAL: "PostgreSQL failed, or Redis takes nothing"},
        ),
        Action(
            "status",
            "progress of the catalogue, cache statistics, and any active rate-limit ban",
            _status,
            options.add_status,
            examples="status --format json",
            exits={EXIT_EXTERNAL: _NO_DATABASE},
        ),
        Action(
            "audit",
            "check every stored match again; --apply quarantines the wrong ones, --verify asks Spotify",
            _audit,
            options.add_audit,
            examples="audit\naudit --apply\naudit --verify --tracks 200",
            exits={
                EXIT_FINDINGS: "stored matches are wrong and not quarantined",
                EXIT_EXTERNAL: "PostgreSQL failed, or Spotify, with --verify",
                EXIT_RETRY_LATER: _LIMITED,
            },
        ),
        Action(
            "explain",
            "how each candidate for one track was scored, or why it was rejected",
            _explain,
            options.add_explain,
            examples='explain "E-40" "Tell Me When to Go"\nexplain Nas "Halftime" --duration 4m20s',
            exits={EXIT_EXTERNAL: _FAILED, EXIT_RETRY_LATER: _LIMITED},
        ),
        Action(
            "refresh",
            "look up old matches again and store the result",
            _refresh,
            options.add_refresh,
            examples="refresh --older-than 30d --tracks 5000",
            exits={EXIT_EXTERNAL: _PARTLY_FAILED, EXIT_RETRY_LATER: _LIMITED},
        ),
        Action(
            "choose",
            "decide which Spotify track a row is; batch and audit keep the choice",
            corrections.choose,
            options.add_choose,
            examples="choose 4711 2w1vXyGnsVPqRmvVa4rVSD\n"
            "choose 4711 https://open.spotify.com/track/2w1vXyGnsVPqRmvVa4rVSD",
            exits={
                EXIT_EXTERNAL: "the row or the track does not exist, or Spotify or PostgreSQL failed",
                EXIT_RETRY_LATER: "a running batch works on the row, or Spotify limits the rate for long",
            },
        ),
        Action(
            "forget",
            "remove the verdicts about rows, a chosen one too, so that the next batch asks again",
            corrections.forget,
            options.add_forget,
            examples="forget 4711\nforget 4711 4712 --dry-run",
            exits={EXIT_FINDINGS: "a row had no result", EXIT_EXTERNAL: _NO_ROW, EXIT_RETRY_LATER: _LEASED},
        ),
        Action(
            "restore",
            "put the metadata back that audit --apply or forget took out of rows",
            corrections.restore,
            options.add_restore,
            examples="restore 4711\nrestore 4711 4712 --dry-run",
            exits={
                EXIT_FINDINGS: "the quarantine has nothing of a row",
                EXIT_EXTERNAL: _NO_ROW,
                EXIT_RETRY_LATER: _LEASED,
            },
        ),
        Action(
            "cooldown",
            "show the rate-limit ban that is remembered, or end it on this side",
            _cooldown,
            options.add_cooldown,
            check=options.check_cooldown,
            examples="cooldown show\ncooldown clear --yes",
            exits={
                EXIT_FINDINGS: "the question was answered with no",
                EXIT_EXTERNAL: "PostgreSQL failed, or Redis does not answer",
            },
        ),
        Action(
            "export",
            "write rows with what Spotify says about their match, as JSON lines, CSV or Parquet",
            _export,
            options.add_export,
            check=options.check_export,
            examples="export --matched --output tracks.jsonl\nexport --format csv --output tracks.csv\n"
            "export --format parquet --output tracks.parquet",
            exits={EXIT_EXTERNAL: "PostgreSQL failed, or the file cannot be written"},
        ),
        Action(
            "emulate",
            "a Spotify Web API on loopback for trying things out; prints its address, serves until interrupted",
            _emulate,
            _add_emulate,
            examples="emulate --port 8099 --mode development\n"
            "emulate --from-db --latency-ms 80 --window 300\n"
            "emulate --catalogue tracks.csv --faults trouble.toml",
            exits={EXIT_EXTERNAL: "the port cannot be listened on, or with --from-db PostgreSQL failed"},
        ),
    ),
    notes="""\
Credentials: SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET (`boombap config show`).
Exit codes: 0 done, 1 the audit found wrong matches, or a row had nothing, 2 usage, 3 Spotify or a server failed,
if only for one track, 75 rate-limited or out of quota (progress is saved), 130 Ctrl-C, 143 SIGTERM.""",
)
