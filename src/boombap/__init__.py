"""boombap: operations tools for the people who run a large rap-music analysis platform."""

__version__ = "0.9.0"
