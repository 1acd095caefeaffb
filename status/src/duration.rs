//! Durations for people, as kubectl prints them.

use jiff::Timestamp;

/// Returns `seconds` with at most two units: `5m3s`, `2d3h`, `47h`.
///
/// The steps are those of kubectl (`k8s.io/apimachinery/pkg/util/duration HumanDuration`); negative is `0s`,
/// because clocks differ by a second.
pub fn human(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
    let years = days / 365;
    let two = |large: i64, large_unit: char, small: i64, small_unit: char| {
        if small == 0 {
            format!("{large}{large_unit}")
        } else {
            format!("{large}{large_unit}{small}{small_unit}")
        }
    };
    if seconds < 120 {
        format!("{seconds}s")
    } else if minutes < 10 {
        two(minutes, 'm', seconds % 60, 's')
    } else if minutes < 180 {
        format!("{minutes}m")
    } else if hours < 8 {
        two(hours, 'h', minutes % 60, 'm')
    } else if hours < 48 {
        format!("{hours}h")
    } else if days < 8 {
        two(days, 'd', hours % 24, 'h')
    } else if years < 2 {
        format!("{days}d")
    } else if years < 8 {
        two(years, 'y', days % 365, 'd')
    } else {
        format!("{years}y")
    }
}

/// Returns the time from `then` to `now`.
pub fn since(then: Timestamp, now: Timestamp) -> String {
    human(now.as_second() - then.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(seconds: i64, want: &str) {
        assert_eq!(human(seconds), want);
    }

    #[test]
    fn at_most_two_units_are_shown() {
        check(-3, "0s");
        check(0, "0s");
        check(119, "119s");
        check(120, "2m");
        check(303, "5m3s");
        check(600, "10m");
        check(3 * 3600 - 1, "179m");
        check(3 * 3600, "3h");
        check(7 * 3600 + 120, "7h2m");
        check(47 * 3600, "47h");
        check(51 * 3600, "2d3h");
        check(8 * 86400, "8d");
        check(400 * 86400, "400d");
        check(750 * 86400, "2y20d");
        check(9 * 365 * 86400, "9y");
    }
}
