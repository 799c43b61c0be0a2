"""The inference server that needs nothing installed: llama.cpp in a wheel, one model file, one process pair."""
