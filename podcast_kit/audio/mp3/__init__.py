"""MP3: frames, ID3 tags, the Xing and LAME headers."""
