import { Duration, Fn } from 'aws-cdk-lib';
import { DailyWindow, Weekday, WeeklyWindow } from 'cdk-sessions';
import fc from 'fast-check';
import { refusalOf } from '../../support/refusal.js';

describe('a window', () => {
  test.each([
    [DailyWindow.utc('02:30'), '02:30-03:30'],
    [DailyWindow.utc('23:30', Duration.minutes(90)), '23:30-01:00'],
    [WeeklyWindow.utc(Weekday.SUNDAY, '23:00', Duration.minutes(150)), 'sun:23:00-mon:01:30'],
    [WeeklyWindow.utc(Weekday.MONDAY, '04:05'), 'mon:04:05-mon:05:05'],
  ])('is written as ElastiCache wants it: %s', (window, written) => {
    expect(window.toString()).toBe(written);
  });

  test.each([
    ['a time that no clock shows', () => DailyWindow.utc('24:00'), '"24:00"'],
    ['half a time', () => WeeklyWindow.utc(Weekday.MONDAY, '4:00'), '"4:00"'],
  ])('fails with %s', (_, action, received) => {
    expect(refusalOf(action)).toEqual({
      code: 'ERR_SESSION_CACHE',
      message: `a window must begin at a time from 00:00 to 23:59 in UTC, received ${received}`,
    });
  });

  test('fails with a time that only the deployment knows, as it has to be compared', () => {
    expect(refusalOf(() => DailyWindow.utc(Fn.ref('Time'))).message).toContain('which only the deployment knows');
  });

  test.each([
    ['less than ElastiCache needs', Duration.minutes(59), 'Duration.minutes(59)'],
    ['a whole day', Duration.days(1), 'Duration.days(1)'],
    ['half a minute', Duration.seconds(3630), 'Duration.seconds(3630)'],
  ])('fails with %s', (_, length, received) => {
    expect(refusalOf(() => DailyWindow.utc('02:30', length))).toEqual({
      code: 'ERR_SESSION_CACHE',
      message: `a window must be whole minutes, at least 60 and less than a day, received ${received}`,
    });
  });
});

describe('a weekly and a daily window', () => {
  const DAY = 24 * 60;
  const WEEK = Object.values(Weekday);
  const clock = (minute: number) =>
    [Math.floor(minute / 60), minute % 60].map((part) => String(part).padStart(2, '0')).join(':');

  /** The minutes of the week that a stretch takes. */
  const minutesOf = (begin: number, length: number) =>
    new Set(Array.from({ length }, (_, minute) => (begin + minute) % (WEEK.length * DAY)));

  test('overlap exactly if they have a minute in common, past midnight and past the end of the week too', () => {
    const lengths = fc.integer({ min: 60, max: DAY - 1 });
    const starts = fc.integer({ min: 0, max: DAY - 1 });
    fc.assert(
      fc.property(fc.nat(6), starts, lengths, starts, lengths, (day, weekly, weeklyLength, daily, dailyLength) => {
        const weeklyMinutes = minutesOf(day * DAY + weekly, weeklyLength);
        const common = WEEK.some((_, each) =>
          [...minutesOf(each * DAY + daily, dailyLength)].some((minute) => weeklyMinutes.has(minute)),
        );
        const window = WeeklyWindow.utc(WEEK[day] ?? Weekday.MONDAY, clock(weekly), Duration.minutes(weeklyLength));
        return window._overlaps(DailyWindow.utc(clock(daily), Duration.minutes(dailyLength))) === common;
      }),
      { numRuns: 200 },
    );
  });

  test('may adjoin', () => {
    expect(WeeklyWindow.utc(Weekday.SUNDAY, '23:00')._overlaps(DailyWindow.utc('00:00'))).toBe(false);
    expect(WeeklyWindow.utc(Weekday.SUNDAY, '23:00')._overlaps(DailyWindow.utc('22:00'))).toBe(false);
  });
});
