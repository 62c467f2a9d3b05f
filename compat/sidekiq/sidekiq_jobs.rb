# frozen_string_literal: true

# The jobs that Sidekiq's process loads, and with an argument list the client: see scenarios.py.
require "sidekiq"

Sidekiq.configure_server do |config|
  config.options[:poll_interval_average] = 1 # seconds between looks at the schedule
end

def notes
  Sidekiq.redis { |server| yield server }
end

class RecordJob
  include Sidekiq::Job
  def perform(name, value)
    notes { |server| server.rpush(name, value) }
  end
end

class FlakyJob
  include Sidekiq::Job
  sidekiq_options retry: 3
  sidekiq_retry_in { |_count, _error| 1 }
  def perform(name, attempts)
    done = notes { |server| server.incr(name) }
    raise "attempt #{done}" if done < attempts
  end
end

class HopelessJob
  include Sidekiq::Job
  sidekiq_options retry: 0
  def perform(text)
    raise text
  end
end

class WaitJob
  include Sidekiq::Job
  def perform(key, name)
    notes { |server| server.rpush(name, Process.pid) }
    sleep 0.02 until notes { |server| server.exists?(key) }
    notes { |server| server.rpush("released", name) }
  end
end

class SlowJob
  include Sidekiq::Job
  sidekiq_retry_in { |_count, _error| 1 }
  def perform(name, value)
    sleep 0.02
    notes { |server| server.sadd(name, value) }
  end
end

# Client: ruby sidekiq_jobs.rb <what>
if __FILE__ == $PROGRAM_NAME
  case ARGV[0]
  when "queues"
    30.times { |n| RecordJob.set(queue: %w[critical default low][n % 3]).perform_async("done", n) }
    Sidekiq::Client.push_bulk("class" => RecordJob, "args" => (100...150).map { |n| ["done", n] })
  when "later"
    RecordJob.perform_in(1, "later", "in")
    RecordJob.perform_at(Time.now + 2, "later", "at")
    RecordJob.perform_in(3600, "later", "never")
  when "failing"
    FlakyJob.perform_async("flaky", 2)
    HopelessJob.set(retry: false).perform_async("lost")
    HopelessJob.perform_async("buried")
  when "wait"
    WaitJob.perform_async("go", ARGV[1])
  when "slow"
    40.times { |n| SlowJob.perform_async("slow", n) }
  when "stats"
    require "sidekiq/api"
    stats = Sidekiq::Stats.new
    puts [stats.processed, stats.failed, stats.enqueued, stats.scheduled_size, stats.retry_size, stats.dead_size].join(" ")
  end
end
