"""模拟环境: the outside world of Qibu in one process, over real HTTP and SMTP. Nothing in it is real."""
