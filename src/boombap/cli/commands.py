"""The words after `boombap`: the module each one imports and its line in the help. It imports nothing itself."""

COMMANDS: dict[str, tuple[str, str]] = {
    "db": ("boombap.db.cli", "PostgreSQL diagnostics: tracks, analyzers, connections, health"),
    "spotify": ("boombap.spotify.cli", "Spotify metadata: match, store and refresh the catalogue within the quota"),
    "ctx": ("boombap.ctx.cli", "code search: which lines answer a question"),
    "deps": ("boombap.deps.cli", "dependencies against advisories: audit, policy, reports"),
    "redis": ("boombap.redis.cli", "Redis and Valkey: health, what fills the cache, safe changes"),
    "local": ("boombap.cli.local", "the embedded PostgreSQL and Valkey: start, stop, status"),
    "config": ("boombap.cli.config", "every setting with its value and where it came from"),
    "doctor": ("boombap.cli.doctor", "is everything ready: Python, byte code, servers, rights"),
    "completion": ("boombap.cli.completion", "completion of commands and options in bash, zsh and fish"),
    "demo": ("boombap.demo.cli", "the sample database, and a guided run over the tools"),
}
