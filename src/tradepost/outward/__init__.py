"""Messages to addresses that strangers named: judged, sent, and tried again."""
