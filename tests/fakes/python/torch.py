# SPDX-License-Identifier: Apache-2.0
"""A torch that computes nothing: each call takes its time on a clock of its own, which its events read. For the tests of
tests/peers/torch_peers.py on machines without PyTorch. A call takes 1 us a 1024 bytes of its first operand."""
import contextlib
import sys
import types

__version__ = "0.0 (fake)"
float64, float32, float16, bfloat16, int8, float8_e4m3fn = (types.SimpleNamespace(bytes=b) for b in (8, 4, 2, 2, 1, 1))
now_s = 0.0


class Tensor:
    def __init__(self, *shape, device, dtype):
        assert device == "cuda"
        self.shape, self.dtype = shape, dtype

    def numel(self):
        n = 1
        for s in self.shape:
            n *= s
        return n

    def element_size(self):
        return self.dtype.bytes

    def to(self, dtype):
        return Tensor(*self.shape, device="cuda", dtype=dtype)

    def t(self):
        return Tensor(*reversed(self.shape), device="cuda", dtype=self.dtype)

    def transpose(self, a, b):
        shape = list(self.shape)
        shape[a], shape[b] = shape[b], shape[a]
        return Tensor(*shape, device="cuda", dtype=self.dtype)

    def __mul__(self, x):
        return self

    __sub__ = __mul__

    def copy_(self, other):
        assert self.shape == other.shape
        spend(other)


def spend(tensor):
    global now_s
    now_s += tensor.numel() * tensor.element_size() / 1024e6


rand = empty = ones = Tensor


def matmul(a, b, out):
    assert a.shape[1] == b.shape[0] and out.shape == (a.shape[0], b.shape[1])
    spend(a)


def _scaled_mm(a, b, scale_a, scale_b, out_dtype):
    assert a.shape[1] == b.shape[0]
    spend(a)


class Event:
    def __init__(self, enable_timing):
        assert enable_timing

    def record(self):
        self.at_s = now_s

    def synchronize(self):
        pass

    def elapsed_time(self, end):
        return 1000 * (end.at_s - self.at_s)


cuda = types.SimpleNamespace(
    Event=Event, is_available=lambda: True, set_device=lambda n: None, synchronize=lambda: None, current_device=lambda: 0,
    empty_cache=lambda: None, get_device_name=lambda: "Fake H100",
    get_device_properties=lambda n: types.SimpleNamespace(L2_cache_size=50 << 20))
version = types.SimpleNamespace(cuda="13.0")
backends = types.SimpleNamespace(cuda=types.SimpleNamespace(
    matmul=types.SimpleNamespace(), preferred_blas_library=lambda name: None))


def attend(q, k, v, is_causal, enable_gqa=False):
    assert q.shape[3] == k.shape[3] and k.shape == v.shape and (enable_gqa or q.shape[1] == k.shape[1])
    if forced[-1] == "cudnn":
        raise RuntimeError("No available kernel. Aborting execution.\nmore of it")
    spend(q)


forced = []


@contextlib.contextmanager
def sdpa_kernel(backend):
    forced.append(backend)
    yield
    forced.pop()


nn = types.ModuleType("torch.nn")
nn.functional = types.SimpleNamespace(scaled_dot_product_attention=attend)
nn.attention = types.ModuleType("torch.nn.attention")
nn.attention.SDPBackend = types.SimpleNamespace(FLASH_ATTENTION="flash", CUDNN_ATTENTION="cudnn")
nn.attention.sdpa_kernel = sdpa_kernel
sys.modules.update({"torch.nn": nn, "torch.nn.attention": nn.attention})
