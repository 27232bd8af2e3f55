import { Duration, Token } from 'aws-cdk-lib';
import { SessionConstructError } from '../errors.js';

const DAY = 24 * 60;
const LEAST = 60;

/** The days of a week, in the order in which they are counted here. */
export enum Weekday {
  /** Monday */
  MONDAY = 'mon',
  /** Tuesday */
  TUESDAY = 'tue',
  /** Wednesday */
  WEDNESDAY = 'wed',
  /** Thursday */
  THURSDAY = 'thu',
  /** Friday */
  FRIDAY = 'fri',
  /** Saturday */
  SATURDAY = 'sat',
  /** Sunday */
  SUNDAY = 'sun',
}

const WEEK: readonly string[] = Object.values(Weekday);

/** A stretch of time, in minutes since the beginning of its day or week. It may go past the end. */
interface Stretch {
  readonly from: number;
  readonly length: number;
}

/**
 * A time of each day, in UTC, in which ElastiCache begins to take a snapshot.
 * https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/backups-automatic.html
 */
export class DailyWindow {
  /**
   * The time of each day that begins then.
   *
   * @param start when it begins, in UTC, as `hh:mm`: `02:30`.
   * @param length an hour unless given; whole minutes, at least 60, and less than a day.
   * @throws if it is no time of a day, or too short or too long.
   */
  public static utc(start: string, length: Duration = Duration.hours(1)): DailyWindow {
    return new DailyWindow({ from: minuteOfDay(start), length: minutes(length) });
  }

  private constructor(private readonly stretch: Stretch) {}

  /**
   * The stretches of the week that it takes, one for each day.
   *
   * @internal
   */
  public _stretches(): Stretch[] {
    return WEEK.map((_, day) => ({ from: day * DAY + this.stretch.from, length: this.stretch.length }));
  }

  /** As ElastiCache writes it: `02:30-03:30`. */
  public toString(): string {
    const { from, length } = this.stretch;
    return `${clock(from)}-${clock(from + length)}`;
  }
}

/**
 * A time of each week, in UTC, in which ElastiCache may patch nodes and put off changes be made.
 * https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/maintenance-window.html
 */
export class WeeklyWindow {
  /**
   * The time of each week that begins then.
   *
   * @param day the day on which it begins, in UTC.
   * @param start when it begins, in UTC, as `hh:mm`: `23:00`.
   * @param length an hour unless given; whole minutes, at least 60, and less than a day.
   * @throws if it is no time of a day, or too short or too long.
   */
  public static utc(day: Weekday, start: string, length: Duration = Duration.hours(1)): WeeklyWindow {
    return new WeeklyWindow({
      from: WEEK.indexOf(day) * DAY + minuteOfDay(start),
      length: minutes(length),
    });
  }

  private constructor(private readonly stretch: Stretch) {}

  /**
   * Whether both want the same minute. Adjoining windows do not.
   *
   * @internal
   */
  public _overlaps(daily: DailyWindow): boolean {
    return daily._stretches().some((other) => meet(this.stretch, other));
  }

  /** As ElastiCache writes it: `sun:23:00-mon:01:30`. */
  public toString(): string {
    const { from, length } = this.stretch;
    return `${weekday(from)}:${clock(from)}-${weekday(from + length)}:${clock(from + length)}`;
  }
}

function meet(one: Stretch, other: Stretch): boolean {
  const week = WEEK.length * DAY;
  const ahead = (other.from - one.from + week) % week;
  return ahead < one.length || week - ahead < other.length;
}

function minuteOfDay(start: string): number {
  const [, hour, minute] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(start) ?? [];
  if (hour === undefined || minute === undefined) {
    throw new SessionConstructError(
      'ERR_SESSION_CACHE',
      `a window must begin at a time from 00:00 to 23:59 in UTC, received ${JSON.stringify(start)}${Token.isUnresolved(start) ? ', which only the deployment knows' : ''}`,
    );
  }
  return Number(hour) * 60 + Number(minute);
}

function minutes(length: Duration): number {
  const value = length.isUnresolved() ? Number.NaN : length.toMinutes({ integral: false });
  if (!Number.isInteger(value) || value < LEAST || value >= DAY) {
    throw new SessionConstructError(
      'ERR_SESSION_CACHE',
      `a window must be whole minutes, at least 60 and less than a day, received ${length.toString()}`,
    );
  }
  return value;
}

function clock(minute: number): string {
  const ofDay = minute % DAY;
  return [Math.floor(ofDay / 60), ofDay % 60].map((part) => String(part).padStart(2, '0')).join(':');
}

function weekday(minute: number): string {
  return WEEK[Math.floor(minute / DAY) % WEEK.length] ?? '';
}
