"""What makers are ready to do: publish it, find it, and hold a part of it for a trade."""
