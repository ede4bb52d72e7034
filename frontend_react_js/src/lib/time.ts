/** Times as people say them. `now` is passed in, so that it can tick. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const LOCALE = "en";

const clock = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit", hour12: false });
const weekday = new Intl.DateTimeFormat(LOCALE, { weekday: "short" });
const date = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short" });
const dateAndYear = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short", year: "numeric" });
const wholeDay = new Intl.DateTimeFormat(LOCALE, { weekday: "long", day: "numeric", month: "long" });
const wholeDayAndYear = new Intl.DateTimeFormat(LOCALE, { dateStyle: "full" });
const whole = new Intl.DateTimeFormat(LOCALE, { dateStyle: "full", timeStyle: "short" });

/** "now", "5 min", "3 h", "Tue", "12 Nov", "12 Nov 2024". */
export function relativeTime(iso: string, now: number): string {
  const then = new Date(iso);
  const ago = now - then.getTime();
  if (ago < MINUTE) return "now";
  if (ago < HOUR) return `${Math.floor(ago / MINUTE)} min`;
  if (ago < DAY) return `${Math.floor(ago / HOUR)} h`;
  if (ago < 6 * DAY) return weekday.format(then);
  return (isSameYear(then, now) ? date : dateAndYear).format(then);
}

export const clockTime = (iso: string): string => clock.format(new Date(iso));

export const wholeTime = (iso: string): string => whole.format(new Date(iso));

/** "Today", "Yesterday", "Saturday, November 21". */
export function dayName(iso: string, now: number): string {
  const then = new Date(iso);
  if (isSameDay(then, new Date(now))) return "Today";
  if (isSameDay(then, dayBefore(now))) return "Yesterday";
  return (isSameYear(then, now) ? wholeDay : wholeDayAndYear).format(then);
}

export const isSameDay = (one: Date, other: Date): boolean => one.toDateString() === other.toDateString();

/** By the calendar, as a day may have 23 hours or 25. */
function dayBefore(now: number): Date {
  const day = new Date(now);
  day.setDate(day.getDate() - 1);
  return day;
}

const isSameYear = (then: Date, now: number) => then.getFullYear() === new Date(now).getFullYear();
