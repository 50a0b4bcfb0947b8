import {
  Activity,
  Bell,
  CircleX,
  FlaskConical,
  Gauge,
  History,
  type LucideIcon,
  Plug,
  ScrollText,
  Settings,
  Split,
} from "lucide-react";

export interface Screen {
  name: string;
  to:
    | "/t/$tenant/overview"
    | "/t/$tenant/conflicts"
    | "/t/$tenant/history"
    | "/t/$tenant/errors"
    | "/t/$tenant/syncs"
    | "/t/$tenant/simulate"
    | "/t/$tenant/connections"
    | "/t/$tenant/alerts"
    | "/t/$tenant/audit"
    | "/t/$tenant/settings";
  /** The key after `g`. */
  key: string;
  question: string;
  icon: LucideIcon;
}

/** Every screen there is, in the order of the navigation. */
export const SCREENS: readonly Screen[] = [
  {
    name: "Overview",
    to: "/t/$tenant/overview",
    key: "o",
    question: "Is everything healthy?",
    icon: Gauge,
  },
  {
    name: "Conflicts",
    to: "/t/$tenant/conflicts",
    key: "c",
    question: "What needs my decision?",
    icon: Split,
  },
  {
    name: "History",
    to: "/t/$tenant/history",
    key: "h",
    question: "What happened, when, why?",
    icon: History,
  },
  {
    name: "Errors",
    to: "/t/$tenant/errors",
    key: "e",
    question: "What is blocked, and what fixes it?",
    icon: CircleX,
  },
  {
    name: "Syncs",
    to: "/t/$tenant/syncs",
    key: "s",
    question: "What maps to what, who wins?",
    icon: Activity,
  },
  {
    name: "Simulate",
    to: "/t/$tenant/simulate",
    key: "p",
    question: "What would happen?",
    icon: FlaskConical,
  },
  {
    name: "Connections",
    to: "/t/$tenant/connections",
    key: "n",
    question: "Can we reach each system?",
    icon: Plug,
  },
  { name: "Alerts", to: "/t/$tenant/alerts", key: "a", question: "What fired?", icon: Bell },
  { name: "Audit", to: "/t/$tenant/audit", key: "u", question: "Who did what?", icon: ScrollText },
  {
    name: "Settings",
    to: "/t/$tenant/settings",
    key: ",",
    question: "How does it behave?",
    icon: Settings,
  },
];
