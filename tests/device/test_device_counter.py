# SPDX-License-Identifier: MIT
"""`counter`: what a host changes, and how a driver is told."""

import pytest

from simple import Simple


def counter(device):
    return device.machine.load(device.config + 16, 4) | device.machine.load(
        device.config + 20, 4) << 32


def set_counter(device, value, path="/machine/peripheral/simple"):
    device.machine.qmp("qom-set", path=path, property="counter", value=value)


@pytest.mark.parametrize("path", ["/machine/peripheral/simple",
                                  "/machine/peripheral/simple/virtio-backend"])
def test_change_is_seen_with_generation_and_interrupt(device, path):
    device.enable_msix(3)
    device.start()
    device.set("config_msix_vector", 0)
    before = device.get("config_generation")
    set_counter(device, 0x1122334455667788, path)
    assert counter(device) == 0x1122334455667788
    assert device.get("config_generation") == (before + 1) & 0xFF
    assert device.interrupted(0) and not device.interrupted(1)
    assert device.machine.qmp("qom-get", path=path, property="counter") == 0x1122334455667788


def test_same_value_is_no_change(device):
    device.enable_msix(3)
    device.start()
    device.set("config_msix_vector", 0)
    set_counter(device, 5)
    assert device.interrupted(0)
    before = device.get("config_generation")
    set_counter(device, 5)
    assert device.get("config_generation") == before and not device.interrupted(0)


def test_generation_moves_before_driver_ok(device):
    device.enable_msix(3)
    before = device.get("config_generation")
    set_counter(device, 9)
    assert device.get("config_generation") == (before + 1) & 0xFF
    assert not device.interrupted(0)


def test_counter_outlives_a_reset(device):
    device.start()
    set_counter(device, 12)
    device.reset()
    assert counter(device) == 12


def test_not_a_number(device):
    with pytest.raises(RuntimeError, match="counter"):
        set_counter(device, "many")


def test_introspection_knows_the_device(device):
    """QEMU's own look at a virtio device aborts on ids it does not know."""
    device.start()
    path = "/machine/peripheral/simple/virtio-backend"
    status = device.machine.qmp("x-query-virtio-status", path=path)
    assert status["name"] == "virtio-simple" and status["device-id"] == 179
    assert "VIRTIO_CONFIG_S_DRIVER_OK" in str(status["status"])


def test_two_devices_do_not_share_state(machines):
    machine = machines("", "-device", "virtio-simple-pci,id=other")
    first = Simple(machine)
    set_counter(first, 3)
    assert machine.qmp("qom-get", path="/machine/peripheral/other", property="counter") == 0
