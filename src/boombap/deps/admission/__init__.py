"""Verdicts over HTTP, before a deployment: reviews of API servers, the hook of Argo CD, one verdict by its digest."""
