#!/usr/bin/env bash
# Push a branch of fixes and open a pull request for it, over GitHub's REST API or one that is compatible with it.
#
#   deps update --auto-patch --branch fix-dependencies --commit
#   GITHUB_TOKEN=… GITHUB_REPOSITORY=owner/name open-pull-request.sh fix-dependencies main
#
# Needs bash, git, curl and python3. GITHUB_API_URL names another server (default: https://api.github.com), REMOTE
# another remote than origin. The branch is pushed with the credentials that git has. Nothing is forced, and a pull
# request that is open already is not opened twice. Prints the address of the pull request.
#
# Exit codes: 0 it is open · 2 usage · 3 git or the server failed.
set +x -euo pipefail # a trace would show the token

api=${GITHUB_API_URL:-https://api.github.com}
api=${api%/}

fail() { # code, message
  printf 'open-pull-request: %s\n' "$2" >&2
  exit "$1"
}

check_arguments() {
  [[ $# -eq 2 && -n $1 && -n $2 ]] || fail 2 'usage: open-pull-request.sh BRANCH BASE'
  [[ ${GITHUB_TOKEN:-} =~ ^[A-Za-z0-9._~+/=-]+$ ]] || fail 2 'GITHUB_TOKEN is missing or malformed'
  [[ ${GITHUB_REPOSITORY:-} =~ ^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$ ]] || fail 2 'GITHUB_REPOSITORY must be owner/name'
  [[ $api =~ ^(https://|http://(127\.0\.0\.1|localhost)(:[0-9]+)?(/|$)) ]] || fail 2 'GITHUB_API_URL must begin with https://'
  local name
  for name in "$@"; do
    git rev-parse --verify --quiet "refs/heads/$name^{commit}" >/dev/null || fail 2 "git has no branch $name"
  done
  [[ $(git rev-list --count "refs/heads/$2..refs/heads/$1") -gt 0 ]] || fail 2 "$1 has no commit that $2 lacks"
}

# Redirects are not followed: they would get the token. It is given on a descriptor, where `ps` does not show it.
call() { # curl's arguments; prints the body and, in a last line, the status
  local answer
  answer=$(
    curl --disable --silent --proto '=http,https' --connect-timeout 10 --max-time 60 --max-filesize 5000000 \
      --header 'Accept: application/vnd.github+json' --header 'X-GitHub-Api-Version: 2022-11-28' \
      --config <(printf 'header = "Authorization: Bearer %s"\n' "$GITHUB_TOKEN") --write-out '\n%{http_code}' "$@"
  ) || fail 3 "$api did not answer (curl ended with $?)"
  printf '%s' "$answer"
}

# What an answer says: the address of a pull request, or why there is none. A server may send the token back.
understood() { # one | list; reads what `call` prints
  python3 -c '
import json, os, sys

text = sys.stdin.read()
if not text:
    sys.exit(3)  # `call` has said why
body, _, status = text.rpartition("\n")
try:
    answer = json.loads(body)
except ValueError:
    answer = None
if not status.startswith("2"):
    message = answer.get("message", "") if isinstance(answer, dict) else ""
    errors = answer.get("errors", []) if isinstance(answer, dict) else []
    details = [one.get("message", "") for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
    text = "; ".join(str(part) for part in (message, *details) if part).replace(os.environ["GITHUB_TOKEN"], "***")
    sys.exit(f"open-pull-request: the server answered {status}: {ascii(text[:300])}")
pulls = answer if sys.argv[1] == "list" else [answer]
if not isinstance(pulls, list) or not all(isinstance(pull, dict) and "html_url" in pull for pull in pulls):
    sys.exit("open-pull-request: the server answered with something else than a pull request")
print(*(ascii(pull["html_url"])[1:-1] for pull in pulls[:1]))
' "$1" || exit 3
}

opened() { # branch, base; prints the address of the open pull request, or nothing
  call --get --data-urlencode "head=${GITHUB_REPOSITORY%%/*}:$1" --data-urlencode "base=$2" --data-urlencode 'state=open' \
    --retry 3 --retry-max-time 60 "$api/repos/$GITHUB_REPOSITORY/pulls" | understood list
}

request() { # branch, base; prints the request in JSON
  git log --reverse --format='## %s%n%n%b' "refs/heads/$2..refs/heads/$1" | python3 -c '
import json, sys

branch, base = sys.argv[1:]
# GitHub takes 65,536 characters.
body = sys.stdin.read()[:60_000]
print(json.dumps({"title": "Fix vulnerable dependencies", "head": branch, "base": base, "body": body}))
' "$1" "$2"
}

main() {
  check_arguments "$@"
  local address
  git push --quiet "${REMOTE:-origin}" "refs/heads/$1" || fail 3 "git could not push $1"
  address=$(opened "$1" "$2") || exit 3
  if [[ -z $address ]]; then
    address=$(request "$1" "$2" | call --header 'Content-Type: application/json' --data-binary @- \
      "$api/repos/$GITHUB_REPOSITORY/pulls" | understood one) || exit 3
  fi
  printf '%s\n' "$address"
}

main "$@"
