package dev.selvage.benchmarks

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.GlobalScope
import kotlinx.coroutines.DelicateCoroutinesApi
import kotlinx.coroutines.Job
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.selects.selectUnbiased
import kotlinx.coroutines.sync.Mutex
import java.util.concurrent.CountDownLatch
import kotlin.time.Duration.Companion.nanoseconds

/** The programs on kotlinx-coroutines, with the default dispatcher. */
object KotlinPrograms {
    private val kept = ArrayList<Any>()

    @JvmStatic
    fun main(args: Array<String>) {
        val programs = HashMap<String, suspend CoroutineScope.(Int) -> Unit>()
        programs["pingpong"] = { n -> pingPong(n) }
        for (capacity in intArrayOf(0, 1, 16, 100)) {
            programs["pipe-1x1-$capacity"] = { n -> pipe(1, capacity, n) }
            programs["pipe-4x4-$capacity"] = { n -> pipe(4, capacity, n) }
        }
        for (cases in intArrayOf(2, 4, 16)) {
            programs["select-$cases"] = { n -> select(cases, cases, n) }
        }
        for (cases in intArrayOf(2, 50)) {
            programs["idle-select-$cases"] = { n -> select(cases, 1, n) }
        }
        programs["mutex-1"] = { n -> mutex(1, n) }
        programs["mutex-4"] = { n -> mutex(4, n) }
        programs["fan"] = { n -> repeat(n / 100) { coroutineScope { repeat(100) { launch {} } } } }
        programs["spawn"] = { n -> coroutineScope { repeat(n) { launch {} } } }
        programs["skynet"] = { n -> skynet(n) }
        programs["sleep"] = { n -> coroutineScope { repeat(n) { launch { delay(1000) } } } }
        programs["reset"] = { n -> reset(n) }
        programs["memory"] = { n -> memory(n) }
        Harness.main(programs.mapValues { (_, program) ->
            Harness.Program { n -> runBlocking(Dispatchers.Default) { program(n) } }
        }, Hogs.Starter(::hogs), args)
    }

    private fun CoroutineScope.start(block: suspend CoroutineScope.() -> Unit): Job = launch(block = block)

    private suspend fun CoroutineScope.pingPong(n: Int) {
        val ping = Channel<Int>()
        val pong = Channel<Int>()
        start { repeat(n) { pong.send(ping.receive()) } }
        repeat(n) {
            ping.send(it)
            pong.receive()
        }
    }

    private suspend fun pipe(pairs: Int, capacity: Int, n: Int) = coroutineScope {
        val channel = Channel<Int>(capacity)
        repeat(pairs) {
            start { repeat(n / pairs) { channel.send(it) } }
            start { repeat(n / pairs) { channel.receive() } }
        }
    }

    private suspend fun CoroutineScope.select(cases: Int, senders: Int, n: Int) {
        val channels = List(cases) { Channel<Int>() }
        for (s in 0 until senders) {
            start { repeat(n / senders) { channels[s].send(it) } }
        }
        repeat(n / senders * senders) {
            selectUnbiased { for (channel in channels) channel.onReceive { v -> v } }
        }
    }

    private suspend fun mutex(coroutines: Int, n: Int) = coroutineScope {
        val mutex = Mutex()
        var count = 0
        repeat(coroutines) {
            start {
                repeat(n / coroutines) {
                    mutex.lock()
                    count++
                    mutex.unlock()
                }
            }
        }
    }

    private suspend fun CoroutineScope.skynet(n: Int) {
        val result = Channel<Long>()
        start { skynet(result, 0, n) }
        val sum = result.receive()
        check(sum == n.toLong() * (n - 1) / 2) { "wrong sum $sum" }
    }

    private suspend fun CoroutineScope.skynet(parent: Channel<Long>, number: Long, size: Int) {
        if (size == 1) {
            parent.send(number)
            return
        }
        val channel = Channel<Long>()
        for (i in 0 until 10) {
            start { skynet(channel, number + i.toLong() * (size / 10), size / 10) }
        }
        var sum = 0L
        repeat(10) { sum += channel.receive() }
        parent.send(sum)
    }

    /** Has no timers to reset: a coroutine that waits is cancelled, and another one started. */
    private suspend fun reset(n: Int) = coroutineScope {
        val timers = Array(1000) { start { delay(3_600_000) } }
        for (i in 0 until n) {
            timers[i % 1000].cancel()
            timers[i % 1000] = start { delay(60_000L * (60 + i % 60)) }
        }
        timers.forEach { it.cancel() }
    }

    @OptIn(DelicateCoroutinesApi::class)
    private fun hogs(hogs: Hogs) {
        for (s in 0 until Hogs.SLEEPERS) {
            val nap = Hogs.napNanos(s)
            GlobalScope.launch {
                while (hogs.goesOn()) {
                    val due = System.nanoTime() + nap
                    delay(nap.nanoseconds)
                    hogs.sleeps.note(System.nanoTime() - due)
                }
            }
        }
        val channel = Channel<Long>()
        GlobalScope.launch {
            while (hogs.goesOn()) {
                delay(Hogs.PAUSE_NANOS.nanoseconds)
                channel.send(System.nanoTime())
            }
        }
        GlobalScope.launch {
            for (sent in channel) {
                hogs.sends.note(System.nanoTime() - sent)
            }
        }
        repeat(hogs.hogs) { GlobalScope.launch { hogs.compute() } }
    }

    @OptIn(DelicateCoroutinesApi::class)
    private fun memory(n: Int) {
        val never = Channel<Int>()
        val begun = CountDownLatch(n)
        repeat(n) {
            GlobalScope.launch {
                begun.countDown()
                never.receive()
            }
        }
        begun.await()
        kept.add(never)
    }
}
