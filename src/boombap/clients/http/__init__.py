"""HTTP through pycurl's multi interface (libcurl): many requests on one thread, each within limits, errors of ours."""
