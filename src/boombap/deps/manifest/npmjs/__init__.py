"""The files of JavaScript projects."""
