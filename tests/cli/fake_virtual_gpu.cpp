// What the stand-in's worker gets preloaded: it only has to be there and to say so.
extern "C" int headroom_fake_virtual_gpu() { return 1; }
