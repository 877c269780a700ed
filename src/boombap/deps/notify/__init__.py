"""Messages about an audit: to Slack, and as signed webhooks; each set of findings once to each address."""
