use std::{fs, path::Path};

use super::*;

const LONG: Duration = Duration::from_secs(20);

fn shell(script: &str, timeout: Duration) -> Command {
    Command::new(["sh", "-c", script], timeout)
}

/// Runs `script`, which prints the process id of a child, then checks that the child dies.
async fn check_child_dies(script: &str, timeout: Duration) {
    let file = std::env::temp_dir().join(format!("routelet-exec-{}-{:p}", std::process::id(), script));
    let mut command = shell(script, timeout);
    command.env = vec![("PID_FILE".into(), file.clone().into())];
    command.output_bytes_max = 100;
    let result = run(command).await;
    let pid = fs::read_to_string(&file).expect("the script wrote its child's id").trim().to_owned();
    fs::remove_file(file).unwrap();
    let deadline = Instant::now() + LONG;
    while alive(&pid) {
        assert!(Instant::now() < deadline, "child {pid} survived: {result:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn alive(pid: &str) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(pid).join("stat")).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z ")
}

#[tokio::test]
async fn output_and_exit_code_are_data() {
    let output = run(shell("echo out; echo err >&2; exit 13", LONG)).await.unwrap();
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("out\n", "err\n"));
    assert_eq!(output.status.code(), Some(13));
    assert_eq!(output.text(), "out\nerr\n");
}

#[tokio::test]
async fn standard_input_is_fed_while_output_is_read() {
    let mut command = Command::new(["cat"], LONG);
    command.stdin = Some(vec![b'x'; 1 << 20]);
    assert_eq!(run(command).await.unwrap().stdout.len(), 1 << 20);
}

#[tokio::test]
async fn a_process_that_does_not_read_its_input_is_no_error() {
    let mut command = Command::new(["true"], LONG);
    command.stdin = Some(vec![b'x'; 1 << 20]);
    assert!(run(command).await.unwrap().status.success());
}

#[tokio::test]
async fn bytes_that_are_not_utf8_are_replaced() {
    assert_eq!(run(shell(r"printf 'a\377b'", LONG)).await.unwrap().stdout, "a\u{fffd}b");
}

#[tokio::test]
async fn a_missing_program_is_not_found() {
    let error = run(Command::new(["/nonexistent/vtysh"], LONG)).await.unwrap_err();
    assert!(matches!(error, CommandError::NotFound { .. }), "{error}");
}

#[tokio::test]
async fn a_file_that_cannot_be_run_fails() {
    let error = run(Command::new(["/etc/hostname"], LONG)).await.unwrap_err();
    assert!(matches!(error, CommandError::Failed { .. }), "{error}");
    assert!(matches!(run(Command::new(Vec::<&str>::new(), LONG)).await, Err(CommandError::Failed { .. })));
}

#[tokio::test]
async fn a_process_without_end_times_out() {
    let error = run(shell("sleep 1000", Duration::from_millis(50))).await.unwrap_err();
    assert!(matches!(error, CommandError::TimedOut { .. }), "{error}");
}

#[tokio::test]
async fn children_die_with_a_process_that_timed_out() {
    check_child_dies("sleep 1000 & echo $! >$PID_FILE; wait", Duration::from_millis(300)).await;
}

#[tokio::test]
async fn children_die_with_a_process_that_wrote_too_much() {
    check_child_dies("sleep 1000 & echo $! >$PID_FILE; head -c 1000 /dev/zero; wait", LONG).await;
}

#[tokio::test]
async fn children_that_outlive_their_parent_do_not_hold_up_the_answer() {
    let started = Instant::now();
    check_child_dies("sleep 1000 & echo $! >$PID_FILE; exit 0", LONG).await;
    assert!(started.elapsed() < LONG);
}

#[tokio::test]
async fn the_process_dies_when_nobody_waits_any_more() {
    let file = std::env::temp_dir().join(format!("routelet-exec-drop-{}", std::process::id()));
    let mut command = shell("sleep 1000 & echo $! >$PID_FILE.new; mv $PID_FILE.new $PID_FILE; wait", LONG);
    command.env = vec![("PID_FILE".into(), file.clone().into())];
    let task = tokio::spawn(run(command));
    while !file.exists() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let pid = fs::read_to_string(&file).unwrap().trim().to_owned();
    fs::remove_file(&file).unwrap();
    assert!(alive(&pid));
    task.abort();
    let deadline = Instant::now() + LONG;
    while alive(&pid) {
        assert!(Instant::now() < deadline, "child {pid} survived");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn too_much_output_is_an_error() {
    let mut command = shell("head -c 1000000 /dev/zero", LONG);
    command.output_bytes_max = 1000;
    let error = run(command).await.unwrap_err();
    assert!(matches!(error, CommandError::TooMuchOutput { output_bytes_max: 1000, .. }), "{error}");
}

#[tokio::test]
async fn output_is_not_shown_in_debug() {
    let output = run(shell("echo secret", LONG)).await.unwrap();
    assert!(!format!("{output:?}").contains("secret"));
}
