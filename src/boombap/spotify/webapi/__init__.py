"""The Spotify Web API: access token, endpoints, and JSON to values of the model."""
