"""What the market comes to: best prices, depth, past trades and candles, without anybody's name."""
