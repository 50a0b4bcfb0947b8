"""A desktop's tray that a test can read and click in: keeps the name that tray icons register at,
and shows their menus. `Items`, `Menu` and `Click` are the test's; the rest is the protocol's
(StatusNotifierWatcher, com.canonical.dbusmenu)."""

import json

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

WATCHER = "org.kde.StatusNotifierWatcher"
ITEM = "org.kde.StatusNotifierItem"
MENU = "com.canonical.dbusmenu"
TEST = "app.tandem.Test"
PROPERTIES = "org.freedesktop.DBus.Properties"


class Tray(dbus.service.Object):
    def __init__(self, bus):
        super().__init__(bus, "/StatusNotifierWatcher")
        self.bus = bus
        self.item = None

    @dbus.service.method(WATCHER, in_signature="s", sender_keyword="sender")
    def RegisterStatusNotifierItem(self, path, sender=None):
        self.item = (sender, path)

    @dbus.service.method(WATCHER, in_signature="s")
    def RegisterStatusNotifierHost(self, _name):
        pass

    @dbus.service.method(PROPERTIES, in_signature="ss", out_signature="v")
    def Get(self, _interface, name):
        return dbus.Boolean(True) if name == "IsStatusNotifierHostRegistered" else dbus.Int32(0)

    @dbus.service.method(PROPERTIES, in_signature="s", out_signature="a{sv}")
    def GetAll(self, _interface):
        return {"IsStatusNotifierHostRegistered": dbus.Boolean(True)}

    @dbus.service.method(TEST, out_signature="s")
    def Icon(self):
        """The file of the icon that is shown."""
        return self.property("IconName")

    @dbus.service.method(TEST, out_signature="s")
    def Menu(self):
        """Every item as {id, label, enabled, under}, in order, as JSON."""
        _, root = self.menu().GetLayout(0, -1, dbus.Array([], signature="s"))
        found = []
        self.read(root, "", found)
        return json.dumps(found)

    @dbus.service.method(TEST, in_signature="i")
    def Click(self, item):
        self.menu().Event(item, "clicked", dbus.Int32(0), dbus.UInt32(0))

    def property(self, name):
        sender, path = self.item
        proxy = self.bus.get_object(sender, path)
        return dbus.Interface(proxy, PROPERTIES).Get(ITEM, name)

    def menu(self):
        sender, _ = self.item
        return dbus.Interface(self.bus.get_object(sender, self.property("Menu")), MENU)

    def read(self, node, under, found):
        number, properties, children = node
        label = str(properties.get("label", ""))
        if number != 0 and properties.get("visible", True):
            enabled = bool(properties.get("enabled", True))
            found.append({"id": int(number), "label": label, "enabled": enabled, "under": under})
        for child in children:
            self.read(child, label, found)


dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
session = dbus.SessionBus()
name = dbus.service.BusName(WATCHER, session)
tray = Tray(session)
GLib.MainLoop().run()
